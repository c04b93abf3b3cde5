#include "postern/net/http_server.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <vector>

#include "http_message.hpp"
#include "postern/net/buffered.hpp"

namespace postern::net {

namespace asio = boost::asio;

namespace {

class Connection;

// What the connections of one server share.
struct Server {
  Server(HttpHandler h, HttpServerOptions o, base::Clock& c) : handler(std::move(h)), options(o), clock(c) {}
  base::SteadyTime idle_end() const { return clock.steady_now() + options.idle; }

  HttpHandler handler;
  HttpServerOptions options;
  base::Clock& clock;
  std::vector<Connection*> open;  // the oldest first; the task group may hold others
};

// One connection of a server, as long as it lives.
class Connection {
 public:
  Connection(std::shared_ptr<Server> s, std::unique_ptr<Stream> with)
      : server(std::move(s)), stream(std::move(with)) {
    server->open.push_back(this);
  }
  ~Connection() { std::erase(server->open, this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::shared_ptr<Server> server;
  const std::unique_ptr<Stream> stream;
  std::exception_ptr thrown;  // by the handler
  base::SteadyTime waiting_since = server->clock.steady_now();
  bool waiting = true;  // for the hand-shake, or a whole request
};

using ConnectionPtr = std::unique_ptr<Connection>;

HttpResponse plain(int status, std::string text) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(text) + "\n";
  return out;
}

// The handler's exception stays inside: the client learns that it failed, not how.
base::Task<HttpResponse> answer(Connection& connection, HttpRequest request) {
  try {
    auto response = co_await connection.server->handler(std::move(request));
    co_return response;
  } catch (...) {
    connection.thrown = std::current_exception();
  }
  co_return plain(500, "internal error");
}

// RFC 9110 section 10.1.1: a client may send the body only after it is told to. False: it has gone.
base::Task<bool> invite_body(Stream& stream, HttpRequestParser& parser) {
  if (!parser.take_invitation()) co_return true;
  auto written = co_await stream.write("HTTP/1.1 100 Continue\r\n\r\n");
  co_return written.has_value();
}

constexpr int gone = -1;

// Reads one request. 0: it is there; else the status to answer with before closing, or gone.
base::Task<int> read_request(Stream& stream, BufferedReader& reader, HttpRequestParser& parser) {
  while (!parser.done() && parser.status() == 0) {
    if (!reader.pending().empty()) {
      const auto used = parser.feed(reader.pending());
      reader.consume(used);
      if (used > 0 || parser.status() != 0) continue;
    }
    const bool reachable = co_await invite_body(stream, parser);
    if (!reachable) co_return gone;
    auto filled = co_await reader.fill();
    if (filled) continue;
    if (filled.error().code == base::Errc::full) co_return 431;
    co_return parser.begun() && filled.error().code == base::Errc::timeout ? 408 : gone;
  }
  co_return parser.status();
}

// False: the connection is to be closed.
base::Task<bool> serve_request(Connection& connection, BufferedReader& reader) {
  auto& stream = *connection.stream;
  // From its first byte to its last a request has as long as a connection may be idle.
  stream.set_deadline(connection.server->idle_end());
  connection.waiting_since = connection.server->clock.steady_now();
  connection.waiting = true;
  HttpRequestParser parser(connection.server->options);
  const int status = co_await read_request(stream, reader, parser);
  if (status == gone) co_return false;
  connection.waiting = false;
  HttpResponse response = plain(status, "bad request");
  bool head_only = false;
  bool keep_alive = false;
  if (status == 0) {
    keep_alive = parser.keep_alive();
    HttpRequest request = parser.take();
    request.over_local_socket = stream.peer().is_local_socket;
    head_only = request.method == "HEAD";
    response = co_await answer(connection, std::move(request));
    keep_alive = keep_alive && !connection.thrown;
  }
  const std::string bytes = to_bytes(response, head_only, keep_alive);
  stream.set_deadline(connection.server->idle_end());
  auto written = co_await stream.write(bytes);
  co_return keep_alive&& written.has_value();
}

// The hand-shake of a server that speaks TLS. False: it failed, and nothing can be said on this connection.
base::Task<bool> secure(Connection& connection, base::SteadyTime until) {
  const auto tls = connection.server->options.tls;
  if (!tls) co_return true;
  connection.stream->set_deadline(until);
  auto started = co_await connection.stream->start_tls_server(tls);
  if (!started) connection.stream->abort();
  co_return started.has_value();
}

base::Task<void> serve_connection(ConnectionPtr connection) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const bool secured = co_await secure(*connection, connection->server->idle_end());
  if (!secured) co_return;
  BufferedReader reader(*connection->stream,
                        connection->server->options.max_head / 2);  // grows to twice that
  for (;;) {
    const bool more = co_await serve_request(*connection, reader);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!more || state.cancelled() != asio::cancellation_type::none) break;
  }
  co_await connection->stream->close();
  if (connection->thrown) std::rethrow_exception(connection->thrown);  // the task group logs it
}

base::Task<void> turn_away(ConnectionPtr connection) {
  connection->waiting = false;  // it ends within a second by itself
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto until = connection->server->clock.steady_now() + std::chrono::seconds(1);
  const bool secured = co_await secure(*connection, until);
  if (!secured) co_return;
  const std::string bytes = to_bytes(plain(503, "too many connections"), false, false);
  connection->stream->set_deadline(until);
  co_await connection->stream->write(bytes);
  co_await connection->stream->close();
}

// Whoever asks for something goes before those who only hold a connection: a probe must not fail because of
// them. The one that has waited longest is cut off. False: all are being answered.
bool make_room(Server& server) {
  Connection* idlest = nullptr;
  for (auto* one : server.open)
    if (one->waiting && (idlest == nullptr || one->waiting_since < idlest->waiting_since)) idlest = one;
  if (idlest == nullptr) return false;
  idlest->waiting = false;  // chosen once
  idlest->stream->abort();
  return true;
}

}  // namespace

base::Task<void> serve_http(std::shared_ptr<Listener> listener, HttpHandler handler,
                            HttpServerOptions options, base::Clock& clock, base::TaskGroup& connections) {
  auto server = std::make_shared<Server>(std::move(handler), options, clock);
  for (;;) {
    auto stream = co_await listener->accept();
    if (!stream) co_return;
    if (server->open.size() >= 2 * options.max_connections) continue;  // even turning away takes its time
    std::string name = "http " + (*stream)->peer().to_string();
    const bool crowded = server->open.size() >= options.max_connections && !make_room(*server);
    auto connection = std::make_unique<Connection>(server, std::move(*stream));
    auto task = crowded ? turn_away(std::move(connection)) : serve_connection(std::move(connection));
    connections.spawn(std::move(name), std::move(task));
  }
}

}  // namespace postern::net
