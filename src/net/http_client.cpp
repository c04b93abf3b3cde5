#include "postern/net/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "http_message.hpp"
#include "postern/base/text.hpp"
#include "postern/net/buffered.hpp"

namespace postern::net {

using StreamPtr = std::unique_ptr<Stream>;

namespace {

bool is_token(std::string_view text) {
  const auto fits = [](char c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

bool is_value(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_target(const HttpUrl& url) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  return url.path.starts_with('/') && std::ranges::all_of(url.path, visible) &&
         std::ranges::all_of(url.query, visible);
}

// A line break in what is sent would be a request of somebody else's making.
base::Result<void> sendable(const HttpCall& call) {
  const bool headers = std::ranges::all_of(
      call.headers, [](const auto& header) { return is_token(header.first) && is_value(header.second); });
  if (is_token(call.method) && is_target(call.url) && headers) return {};
  return base::fail(base::Errc::invalid,
                    call.url.origin() + ": a request with a character that HTTP has not");
}

bool has_header(const HttpCall& call, std::string_view name) {
  return std::ranges::any_of(
      call.headers, [name](const auto& header) { return base::equals_ignoring_case(header.first, name); });
}

std::string to_bytes(const HttpCall& call) {
  const auto& url = call.url;
  std::string out =
      call.method + " " + url.path + (url.query.empty() ? "" : "?" + url.query) + " HTTP/1.1\r\n";
  if (!has_header(call, "host")) out += "Host: " + url.authority() + "\r\n";
  for (const auto& [name, value] : call.headers) out.append(name).append(": ").append(value).append("\r\n");
  const bool may_have_body = call.method != "GET" && call.method != "HEAD";
  if (may_have_body || !call.body.empty()) out += fmt::format("Content-Length: {}\r\n", call.body.size());
  return out + "\r\n" + call.body;
}

// RFC 9110 section 9.2.2
bool may_repeat(const HttpCall& call) {
  return call.repeatable || (call.method != "POST" && call.method != "PATCH");
}

bool connection_broke(const base::Error& error) {
  return error.code == base::Errc::closed || error.code == base::Errc::io;
}

std::string in_seconds(base::Duration time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

}  // namespace

// One request and its answer on a connection.
struct PooledHttpClient::Exchange {
  base::Result<HttpResponse> answer = HttpResponse();
  bool silent = true;  // not one byte came back
  bool reusable = false;
};

PooledHttpClient::PooledHttpClient(base::Clock& clock, Dialer& dialer, HttpClientOptions options)
    : clock_(clock), dialer_(dialer), options_(std::move(options)) {}

PooledHttpClient::~PooledHttpClient() = default;

StreamPtr PooledHttpClient::take_kept(const std::string& origin) {
  kept_.remove_if(
      [this](const Kept& one) { return clock_.steady_now() >= one.until || !one.stream->quiet(); });
  const auto found = std::ranges::find(kept_, origin, &Kept::origin);
  if (found == kept_.end()) return nullptr;
  StreamPtr out = std::move(found->stream);
  kept_.erase(found);
  return out;
}

void PooledHttpClient::keep(std::string origin, StreamPtr stream) {
  const auto same = static_cast<std::size_t>(std::ranges::count(kept_, origin, &Kept::origin));
  if (same >= options_.kept_per_origin) return;
  stream->set_deadline(base::SteadyTime::max());
  kept_.push_back({std::move(origin), std::move(stream), clock_.steady_now() + options_.keep});
  if (kept_.size() > options_.kept) kept_.pop_front();
}

namespace {

// What goes through the connection, as far as the parser wants it.
base::Task<base::Result<void>> read_answer(Stream& stream, BufferedReader& reader, HttpResponseParser& parser,
                                           base::SteadyTime end) {
  while (!parser.done() && !parser.error()) {
    if (!reader.pending().empty()) {
      const auto used = parser.feed(reader.pending());
      reader.consume(used);
      if (parser.head_done()) stream.set_deadline(end);
      if (used > 0 || parser.error()) continue;
    }
    auto filled = co_await reader.fill();
    if (filled) continue;
    if (filled.error().code == base::Errc::full) {
      co_return base::fail(base::Errc::protocol, "not an HTTP response: a head or line without end");
    }
    if (filled.error().code != base::Errc::closed || !parser.head_done()) co_return filled;
    parser.end();
  }
  if (parser.error()) co_return *parser.error();
  co_return base::Result<void>();
}

}  // namespace

base::Task<PooledHttpClient::Exchange> PooledHttpClient::exchange(Stream& stream, const HttpCall& call,
                                                                  base::SteadyTime end) {
  Exchange out;
  const std::string bytes = to_bytes(call);
  stream.set_deadline(std::min(clock_.steady_now() + call.limits.head, end));
  BufferedReader reader(stream, call.limits.max_head / 2);  // grows to twice that
  HttpResponseParser parser(call.limits.max_head, call.limits.max_body, call.method == "HEAD");
  auto done = co_await stream.write(bytes);
  if (done) done = co_await read_answer(stream, reader, parser, end);
  out.silent = !done && reader.pending().empty() && !parser.begun();
  if (done) {
    out.reusable = parser.keep_alive() && reader.pending().empty();
    out.answer = parser.take();
    co_return out;
  }
  out.answer = done.error();
  if (done.error().code != base::Errc::timeout) co_return out;
  const bool headless = !parser.head_done();
  const std::string what =
      headless ? "no answer within " + in_seconds(std::min(call.limits.head, call.limits.whole))
               : "the answer did not end within " + in_seconds(call.limits.whole);
  out.answer = base::fail(base::Errc::timeout, what);
  co_return out;
}

// RFC 9110 section 9.3.6. What the proxy is told is the name, never an address that we looked up.
base::Task<base::Result<void>> PooledHttpClient::tunnel(Stream& stream, const HttpUrl& url,
                                                        const ProxyRules::Proxy& proxy,
                                                        base::SteadyTime until) {
  constexpr std::size_t max_head = 16UL * 1024;
  const std::string origin = url.origin();
  const std::string target = origin.substr(origin.find("//") + 2);
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target);
  if (!proxy.authorization.empty()) request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  request += "\r\n";
  auto done = co_await stream.write(request);
  if (!done) co_return done;
  BufferedReader reader(stream, max_head / 2);
  HttpResponseParser parser(max_head, 0, true);  // whatever length it says, a tunnel has no body
  done = co_await read_answer(stream, reader, parser, until);
  if (!done) co_return done;
  const int status = parser.take().status;
  if (status / 100 != 2) {
    co_return base::fail(base::Errc::refused,
                         fmt::format("the proxy {}:{} answers {}{}", proxy.host, proxy.port, status,
                                     status == 407 ? " (it wants credentials)" : ""));
  }
  // TLS begins with the client: what the proxy says before is not the server's.
  if (reader.pending().empty()) co_return base::Result<void>();
  co_return base::fail(base::Errc::protocol, "the proxy says more than that the tunnel is open");
}

base::Task<base::Result<StreamPtr>> PooledHttpClient::open(HttpUrl url, base::SteadyTime until) {
  if (url.tls && !options_.tls) co_return base::fail(base::Errc::tls, "no certificates to verify it with");
  const auto* proxy = options_.proxies.proxy_for(url);
  Target target{url.host, url.port, url.tls ? options_.tls : nullptr};
  if (proxy != nullptr) target = {proxy->host, proxy->port, nullptr};
  auto stream = co_await dialer_.connect(std::move(target), until);
  if (!stream || proxy == nullptr) co_return stream;
  (*stream)->set_deadline(until);
  auto done = co_await tunnel(**stream, url, *proxy, until);
  if (done) done = co_await (*stream)->start_tls_client(options_.tls, url.host);
  if (!done) co_return done.error();
  co_return stream;
}

base::Task<base::Result<HttpResponse>> PooledHttpClient::call_within(HttpCall call, base::SteadyTime end) {
  const std::string origin = call.url.origin();
  const auto tls = options_.tls;  // what it is replaced by meanwhile has not verified this connection
  auto stream = take_kept(origin);
  if (stream) {
    auto first = co_await exchange(*stream, call, end);
    if (first.answer && first.reusable && tls == options_.tls) keep(origin, std::move(stream));
    // The server may have closed what it kept while the request was on its way.
    const bool again =
        !first.answer && first.silent && connection_broke(first.answer.error()) && may_repeat(call);
    if (!again) co_return std::move(first.answer);
    stream.reset();
  }
  auto opened = co_await open(call.url, std::min(clock_.steady_now() + call.limits.connect, end));
  if (!opened) {
    const bool late = opened.error().code == base::Errc::timeout;
    if (late)
      co_return base::fail(base::Errc::timeout, "no connection within " + in_seconds(call.limits.connect));
    const bool nameless =
        opened.error().code == base::Errc::not_found || opened.error().code == base::Errc::unavailable;
    co_return base::fail(nameless ? base::Errc::unreachable : opened.error().code, opened.error().message);
  }
  auto last = co_await exchange(**opened, call, end);
  if (last.answer && last.reusable && tls == options_.tls) keep(origin, std::move(*opened));
  co_return std::move(last.answer);
}

base::Task<base::Result<HttpResponse>> PooledHttpClient::call(HttpCall call) {
  const std::string origin = call.url.origin();
  auto good = sendable(call);
  if (!good) co_return good.error();
  const auto end = clock_.steady_now() + call.limits.whole;
  auto answer = co_await call_within(std::move(call), end);
  if (answer) co_return answer;
  co_return base::fail(answer.error().code, origin + ": " + answer.error().message);
}

}  // namespace postern::net
