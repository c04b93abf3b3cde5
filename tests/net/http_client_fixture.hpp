// A client against a server on loopback that plays scripts: what the tests of PooledHttpClient share.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "loopback.hpp"
#include "postern/net/http_client.hpp"
#include "support/test_ca.hpp"

namespace postern::net {

using Answer = base::Result<HttpResponse>;

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A server that plays one script a connection: each request takes the next answer of it. After the last one
// it closes, unless the script says that it hangs.
struct Play {
  std::deque<std::string> answers;
  bool hangs = false;    // goes silent instead of closing
  bool connect = false;  // the first request is CONNECT, TLS begins after its answer
  bool endless = false;  // after the answers it writes on until the client goes
};

class HttpClientTest : public LoopbackTest {
 protected:
  ~HttpClientTest() override {
    if (listener) listener->close();
    cancel_tasks();
    run_until([this] { return tasks.size() == 0; });
  }

  static base::Task<bool> read_request(Stream& stream, std::vector<std::string>& requests) {
    std::string text;
    for (;;) {
      const auto head = text.find("\r\n\r\n");
      const auto length = text.find("Content-Length: ");
      const std::size_t body = length == std::string::npos ? 0 : std::stoul(text.substr(length + 16));
      if (head != std::string::npos && text.size() >= head + 4 + body) break;
      auto more = co_await read_text(stream);
      if (!more) co_return false;
      text += *more;
    }
    requests.push_back(text);
    co_return true;
  }

  static base::Task<void> write_on(Stream& stream) {
    const std::string portion(64 * 1024, 'x');
    for (;;) {
      auto written = co_await stream.write(portion);
      if (!written) co_return;
    }
  }

  static base::Task<void> play(std::unique_ptr<Stream> stream, Play script,
                               std::shared_ptr<TlsContext> context, std::vector<std::string>* requests) {
    if (context && !script.connect) {
      auto secured = co_await stream->start_tls_server(context);
      if (!secured) co_return;
    }
    while (!script.answers.empty()) {
      const bool asked = co_await read_request(*stream, *requests);
      if (!asked) co_return;
      const std::string answer = std::move(script.answers.front());
      script.answers.pop_front();
      auto written = co_await stream->write(answer);
      if (!written) co_return;
      if (!script.connect) continue;
      script.connect = false;
      auto secured = co_await stream->start_tls_server(context);
      if (!secured) co_return;
    }
    if (script.endless) co_await write_on(*stream);
    if (script.hangs) co_await read_request(*stream, *requests);
    if (script.hangs) co_await read_request(*stream, *requests);
    co_await stream->close();
  }

  static base::Task<void> accept_all(std::shared_ptr<Listener> from, std::deque<Play> scripts,
                                     std::shared_ptr<TlsContext> context, std::vector<std::string>* requests,
                                     base::TaskGroup& group) {
    while (!scripts.empty()) {
      auto stream = co_await from->accept();
      if (!stream) co_return;
      Play script = std::move(scripts.front());
      scripts.pop_front();
      group.spawn("play", play(std::move(*stream), std::move(script), context, requests));
    }
  }

  void serve(std::deque<Play> scripts, std::shared_ptr<TlsContext> context = nullptr) {
    listener = listen("127.0.0.1:0");
    tasks.spawn("accept", accept_all(listener, std::move(scripts), std::move(context), &requests, tasks));
  }
  void serve_tls(std::deque<Play> scripts, const std::string& names = "IP:127.0.0.1") {
    const auto files = ca.issue(names);
    serve(std::move(scripts), TlsContext::server(files.certificate, files.key).value());
  }
  HttpCall to(const std::string& path, const std::string& scheme = "http") {
    HttpCall out;
    out.url = HttpUrl::parse(scheme + "://" + listener->local_address() + path).value();
    return out;
  }
  HttpClient& client(ProxyRules proxies = {}) {
    if (!made)
      made.emplace(clock, dialer,
                   HttpClientOptions{TlsContext::client(ca.file()).value(), std::move(proxies)});
    return *made;
  }
  Answer call(HttpCall what) { return run(client().call(std::move(what))); }
  // Its end is waited for, real time passing.
  Answer result_of(const std::shared_ptr<std::optional<Answer>>& later) {
    EXPECT_TRUE(run_until([&] { return later->has_value(); }));
    return later->value();
  }
  static Play once(std::string answer) { return Play{{std::move(answer)}}; }

  support::TestCa ca{directory};
  std::shared_ptr<Listener> listener;
  std::vector<std::string> requests;
  std::optional<PooledHttpClient> made;
};

}  // namespace postern::net
