#include "postern/net/http_server.hpp"

#include <boost/asio/this_coro.hpp>
#include <exception>

#include "http_message.hpp"
#include "postern/net/buffered.hpp"

namespace postern::net {

namespace {

struct HttpSession {
  std::unique_ptr<Stream> stream;
  HttpHandler handler;
  HttpServerOptions options;
  base::Clock& clock;
};

HttpResponse plain(int status, std::string text) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(text) + "\n";
  return out;
}

// The handler's exception stays inside: the client learns that it failed, not how.
base::Task<HttpResponse> answer(const HttpHandler& handler, HttpRequest request) {
  try {
    auto response = co_await handler(std::move(request));
    co_return response;
  } catch (const std::exception&) {
  }
  co_return plain(500, "internal error");
}

// Reads one request. 0: it is there; else the status to answer with before closing; -1: the peer has gone.
base::Task<int> read_request(BufferedReader& reader, HttpRequestParser& parser) {
  while (!parser.done() && parser.status() == 0) {
    if (!reader.pending().empty()) {
      const auto used = parser.feed(reader.pending());
      reader.consume(used);
      if (used > 0) continue;
      if (parser.status() != 0) break;
    }
    auto filled = co_await reader.fill();
    if (!filled) {
      if (filled.error().code == base::Errc::full) co_return 431;
      co_return parser.begun() && filled.error().code == base::Errc::timeout ? 408 : -1;
    }
  }
  co_return parser.status();
}

base::Task<void> serve_connection(HttpSession session) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  auto& stream = *session.stream;
  BufferedReader reader(stream, session.options.max_head / 2);  // it grows to twice that
  for (bool open = true; open;) {
    // From its first byte to its last a request has as long as a connection may be idle.
    stream.set_deadline(session.clock.steady_now() + session.options.idle);
    HttpRequestParser parser(session.options);
    const int status = co_await read_request(reader, parser);
    if (status < 0) break;
    HttpResponse response;
    bool head_only = false;
    open = status == 0 && parser.keep_alive();
    if (status == 0) {
      HttpRequest request = parser.take();
      request.over_local_socket = stream.peer().is_local_socket;
      head_only = request.method == "HEAD";
      response = co_await answer(session.handler, std::move(request));
    } else {
      response = plain(status, "bad request");
    }
    const std::string bytes = to_bytes(response, head_only, open);
    stream.set_deadline(session.clock.steady_now() + session.options.idle);
    auto written = co_await stream.write(bytes);
    if (!written) break;
  }
  co_await stream.close();
}

base::Task<void> turn_away(std::unique_ptr<Stream> stream, base::SteadyTime deadline) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const std::string bytes = to_bytes(plain(503, "too many connections"), false, false);
  stream->set_deadline(deadline);
  co_await stream->write(bytes);
  co_await stream->close();
}

}  // namespace

base::Task<void> serve_http(std::shared_ptr<Listener> listener, HttpHandler handler,
                            HttpServerOptions options, base::Clock& clock, base::TaskGroup& connections) {
  for (;;) {
    auto stream = co_await listener->accept();
    if (!stream) co_return;
    std::string name = "http " + (*stream)->peer().to_string();
    if (connections.size() >= options.max_connections) {
      const auto deadline = clock.steady_now() + std::chrono::seconds(1);
      if (connections.size() < 2 * options.max_connections) {
        connections.spawn(std::move(name), turn_away(std::move(*stream), deadline));
      }
      continue;
    }
    HttpSession session{std::move(*stream), handler, options, clock};
    connections.spawn(std::move(name), serve_connection(std::move(session)));
  }
}

}  // namespace postern::net
