#include "postern/net/listener.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "socket_address.hpp"
#include "socket_stream.hpp"

namespace postern::net {

namespace asio = boost::asio;

namespace {

using Protocol = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Protocol, base::Executor>;

constexpr int backlog = 1024;
constexpr ::mode_t socket_mode = 0660;

base::Error listen_error(std::string_view address, std::string_view step,
                         const boost::system::error_code& error) {
  auto out = base::system_error(step, error.value());
  out.message = fmt::format("can't listen on {}: {}", address, out.message);
  return out;
}

// A socket file that nobody answers on is left over from a process that died: it may go.
base::Result<void> remove_stale_socket(std::string_view address, const std::string& path,
                                       const SocketAddress& where) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return base::fail(base::Errc::busy,
                      fmt::format("can't listen on {}: {} is there and is no socket", address, path));
  }
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return base::system_error("socket", errno);
  const int refusal = ::connect(probe, where.get(), where.size) == 0 ? EAGAIN : errno;
  ::close(probe);
  if (refusal == EAGAIN)  // EAGAIN alone: its queue is full
    return base::fail(base::Errc::busy, fmt::format("can't listen on {}: another process does", address));
  if (refusal != ECONNREFUSED) {
    return listen_error(address, "probe", {refusal, boost::system::system_category()});
  }
  ::unlink(path.c_str());
  return {};
}

class SocketListener final : public Listener {
 public:
  SocketListener(Acceptor acceptor, base::Clock& clock, std::string address, std::string path)
      : acceptor_(std::move(acceptor)),
        clock_(clock),
        pause_(clock.make_timer(acceptor_.get_executor())),
        address_(std::move(address)),
        path_(std::move(path)) {}
  ~SocketListener() override { close(); }
  SocketListener(const SocketListener&) = delete;
  SocketListener& operator=(const SocketListener&) = delete;

  base::Task<base::Result<std::unique_ptr<Stream>>> accept() override;
  std::string local_address() const override { return address_; }
  void close() override;

 private:
  Acceptor acceptor_;
  base::Clock& clock_;
  std::unique_ptr<base::Timer> pause_;
  std::string address_;
  std::string path_;  // of a Unix socket: removed at the end
};

base::Task<base::Result<std::unique_ptr<Stream>>> SocketListener::accept() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<base::Executor>());
  for (;;) {
    if (!acceptor_.is_open()) co_return base::fail(base::Errc::closed, "the listener is closed");
    Protocol::endpoint from;
    auto [error, socket] = co_await acceptor_.async_accept(from, token);
    if (!error) {
      const Peer peer = peer_of(from);
      const int on = 1;
      if (!peer.is_local_socket) {
        (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      std::unique_ptr<Stream> stream = std::make_unique<SocketStream>(std::move(socket), peer, clock_);
      co_return stream;
    }
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) {
      co_return base::fail(base::Errc::closed, "the listener is closed");
    }
    // ECONNABORTED: the client gave up, at once the next. EMFILE and its kin: descriptors come back as
    // sessions end.
    if (error.value() == ECONNABORTED) continue;
    pause_->expires_at(clock_.steady_now() + std::chrono::milliseconds(100));
    co_await pause_->wait();
  }
}

void SocketListener::close() {
  if (!acceptor_.is_open()) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_->cancel();
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::string bound_address(const Acceptor& acceptor) {
  boost::system::error_code ignored;
  const Peer local = peer_of(acceptor.local_endpoint(ignored));
  return HostPort{local.address.to_string(), local.port}.to_string();
}

}  // namespace

base::Result<std::unique_ptr<Listener>> Listener::listen(base::Executor executor, base::Clock& clock,
                                                         std::string_view address) {
  const bool local = address.starts_with("unix:");
  const std::string path(local ? address.substr(5) : std::string_view());
  auto where = local ? SocketAddress::of_path(path) : SocketAddress::of_text(address);
  if (!where) return where.error();
  if (local) {
    auto free = remove_stale_socket(address, path, *where);
    if (!free) return free.error();
  }
  Acceptor acceptor(executor);
  boost::system::error_code error;
  const auto endpoint = where->endpoint();
  acceptor.open(endpoint.protocol(), error);
  if (error) return listen_error(address, "socket", error);
  if (!local) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  const int only_v6 = 1;
  if (endpoint.protocol().family() == AF_INET6) {
    (void)::setsockopt(acceptor.native_handle(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
  }
  acceptor.bind(endpoint, error);
  if (error) return listen_error(address, "bind", error);
  if (local) ::chmod(path.c_str(), socket_mode);
  acceptor.listen(backlog, error);
  if (error) return listen_error(address, "listen", error);
  const std::string shown = local ? std::string(address) : bound_address(acceptor);
  return std::unique_ptr<Listener>(std::make_unique<SocketListener>(std::move(acceptor), clock, shown, path));
}

}  // namespace postern::net
