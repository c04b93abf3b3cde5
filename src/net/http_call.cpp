// The CLI's side of admin: one request, blocking, within a time. Plain system calls: there is no loop here.
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "http_message.hpp"
#include "postern/net/http_server.hpp"
#include "socket_address.hpp"

namespace postern::net {

namespace {

constexpr int retry_time = 10;                                // ms
constexpr std::size_t largest_answer = 1024UL * 1024 * 1024;  // a listing of 1,000,000 messages fits

// A descriptor that is closed at the end, and the moment until which everything has to be over.
class Call {
 public:
  Call(int fd, base::Clock& clock, base::Duration timeout)
      : fd_(fd), clock_(clock), until_(clock.steady_now() + timeout) {}
  ~Call() {
    if (fd_ >= 0) ::close(fd_);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  base::Result<void> connect(const SocketAddress& where);
  base::Result<void> send(std::string_view bytes);
  base::Result<HttpResponse> receive(bool to_head);

 private:
  base::Result<void> wait(short events);
  std::chrono::milliseconds left() const {
    return std::chrono::ceil<std::chrono::milliseconds>(until_ - clock_.steady_now());
  }

  int fd_;
  base::Clock& clock_;
  base::SteadyTime until_;
};

base::Result<void> Call::wait(short events) {
  for (;;) {
    const auto time = left().count();
    pollfd one{fd_, events, 0};
    const int ready = time > 0 ? ::poll(&one, 1, static_cast<int>(time)) : 0;
    if (ready > 0) return {};
    if (ready == 0) return base::fail(base::Errc::timeout, "no answer in time");
    if (errno != EINTR) return base::system_error("poll", errno);
  }
}

base::Result<void> Call::connect(const SocketAddress& where) {
  while (::connect(fd_, where.get(), where.size) != 0) {
    if (errno == EINPROGRESS) break;
    // A Unix socket whose queue is full says so at once, and nothing tells when there is room.
    if (errno != EAGAIN) return base::system_error("connect", errno);
    if (left().count() <= 0) return base::fail(base::Errc::timeout, "no room in the queue of the socket");
    ::poll(nullptr, 0, retry_time);
  }
  auto ready = wait(POLLOUT);
  if (!ready) return ready;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? base::Result<void>() : base::system_error("connect", error);
}

base::Result<void> Call::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return base::system_error("send", errno);
    auto ready = wait(POLLOUT);
    if (!ready) return ready;
  }
  return {};
}

base::Result<HttpResponse> Call::receive(bool to_head) {
  std::string bytes;
  char portion[16 * 1024];
  for (;;) {
    auto ready = wait(POLLIN);  // each time: bytes that keep coming do not stop the clock
    if (!ready) return ready.error();
    const auto n = ::recv(fd_, portion, sizeof portion, 0);
    if (n == 0) break;
    if (n < 0 && errno == ECONNRESET && !bytes.empty()) break;  // it did not read all of the request
    if (n < 0 && errno != EINTR && errno != EAGAIN) return base::system_error("recv", errno);
    if (n > 0) bytes.append(portion, static_cast<std::size_t>(n));
    if (bytes.size() > largest_answer) return base::fail(base::Errc::protocol, "an answer without end");
  }
  // We asked for "Connection: close", so the end of the stream is the end of the response.
  return parse_response(bytes, to_head);
}

base::Result<SocketAddress> resolve(const std::string& address) {
  if (address.starts_with("unix:")) return SocketAddress::of_path(address.substr(5));
  const auto parsed = HostPort::parse(address);
  if (!parsed) return parsed.error();
  const auto ip = IpAddress::parse(parsed->host == "localhost" ? "127.0.0.1" : parsed->host);
  if (!ip) return ip.error();
  return SocketAddress::of(*ip, parsed->port);
}

}  // namespace

base::Result<HttpResponse> http_call(const std::string& address, const HttpRequest& request,
                                     base::Duration timeout) {
  const auto where = resolve(address);
  if (!where) return where.error();
  const int fd = ::socket(where->get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return base::system_error("socket", errno);
  base::SystemClock clock;
  Call call(fd, clock, timeout);
  auto done = call.connect(*where);
  const std::string host = address.starts_with("unix:") ? "localhost" : address;
  if (done) done = call.send(to_bytes(request, host));
  // A server that does not want the rest of the request has answered before it closes.
  const bool answered = done.has_value() || done.error().code == base::Errc::closed;
  base::Result<HttpResponse> response = done ? base::Result<HttpResponse>(HttpResponse()) : done.error();
  if (answered) response = call.receive(request.method == "HEAD");
  if (response) return response;
  const auto& why = done ? response.error() : done.error();
  return base::fail(why.code, fmt::format("{}: {}", address, why.message));
}

}  // namespace postern::net
