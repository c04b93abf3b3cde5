#include "postern/net/listener.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "inherited_sockets.hpp"
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

// The file of a Unix socket, which goes with its listener, unless another process has put its own there
// since: the number of the file is not given to another one while the socket of the first is open.
class SocketFile {
 public:
  explicit SocketFile(std::string path) : path_(std::move(path)) {
    known_ = ::lstat(path_.c_str(), &bound_) == 0;
  }
  void remove() const {
    struct stat now {};
    if (!known_ || ::lstat(path_.c_str(), &now) != 0) return;
    if (now.st_dev == bound_.st_dev && now.st_ino == bound_.st_ino) ::unlink(path_.c_str());
  }

 private:
  std::string path_;
  struct stat bound_ {};
  bool known_ = false;
};

class SocketListener final : public Listener {
 public:
  SocketListener(Acceptor acceptor, base::Clock& clock, std::string address, std::optional<SocketFile> file)
      : acceptor_(std::move(acceptor)),
        clock_(clock),
        pause_(clock.make_timer(acceptor_.get_executor())),
        address_(std::move(address)),
        file_(std::move(file)) {}
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
  std::optional<SocketFile> file_;  // of a Unix socket that we bound
};

base::Task<base::Result<std::unique_ptr<Stream>>> SocketListener::accept() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<base::Executor>());
  for (;;) {
    // A cancellation that came since the last accept, or ended a wait of this one. It counts no more once it
    // is reported; no coroutine may be awaited before that, asio would throw.
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!acceptor_.is_open()) co_return base::fail(base::Errc::closed, "the listener is closed");
    if (state.cancelled() != asio::cancellation_type::none) {
      co_await asio::this_coro::reset_cancellation_state();
      co_return base::fail(base::Errc::cancelled, "accept: cancelled");
    }
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
    // ECONNABORTED: the client gave up, at once the next. EMFILE and its kin: descriptors come back as
    // sessions end.
    const bool next = error == asio::error::operation_aborted || error.value() == ECONNABORTED;
    if (next || !acceptor_.is_open()) continue;
    pause_->expires_at(clock_.steady_now() + std::chrono::milliseconds(100));
    co_await pause_->wait();
  }
}

void SocketListener::close() {
  if (!acceptor_.is_open()) return;
  // The file first: as long as the socket answers, no other process takes the path for its own.
  if (file_) file_->remove();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_->cancel();
}

std::string bound_address(const Acceptor& acceptor) {
  boost::system::error_code ignored;
  const auto local = acceptor.local_endpoint(ignored);
  if (local.protocol().family() == AF_UNIX) {
    sockaddr_un where{};
    std::memcpy(&where, local.data(), std::min(local.size(), sizeof where));
    return "unix:" + std::string(where.sun_path, ::strnlen(where.sun_path, sizeof where.sun_path));
  }
  const Peer peer = peer_of(local);
  return HostPort{peer.address.to_string(), peer.port}.to_string();
}

base::Result<std::unique_ptr<Listener>> bind_and_listen(base::Executor executor, base::Clock& clock,
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
  std::optional<SocketFile> file;
  if (local) {
    ::chmod(path.c_str(), socket_mode);
    file.emplace(path);
  }
  acceptor.listen(backlog, error);
  if (error) return listen_error(address, "listen", error);
  const std::string shown = local ? std::string(address) : bound_address(acceptor);
  return std::unique_ptr<Listener>(
      std::make_unique<SocketListener>(std::move(acceptor), clock, shown, std::move(file)));
}

// The path of a Unix socket that we inherited belongs to the service manager, which goes on listening there.
base::Result<std::unique_ptr<Listener>> take_over(base::Executor executor, base::Clock& clock,
                                                  std::string_view address, int descriptor) {
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size);
  Acceptor acceptor(executor);
  boost::system::error_code error;
  acceptor.assign(Protocol(family, family == AF_UNIX ? 0 : static_cast<int>(IPPROTO_TCP)), descriptor, error);
  if (error) return listen_error(address, "take over", error);
  const std::string shown = bound_address(acceptor);
  return std::unique_ptr<Listener>(
      std::make_unique<SocketListener>(std::move(acceptor), clock, shown, std::nullopt));
}

}  // namespace

base::Result<std::vector<std::unique_ptr<Listener>>> Listener::listen_all(base::Executor executor,
                                                                          base::Clock& clock,
                                                                          std::string_view address) {
  std::vector<std::unique_ptr<Listener>> out;
  constexpr std::string_view by_name = "systemd:";
  if (!address.starts_with(by_name)) {
    auto one = bind_and_listen(executor, clock, address);
    if (!one) return one.error();
    out.push_back(std::move(*one));
    return out;
  }
  const auto descriptors = InheritedSockets::of_process().take(std::string(address.substr(by_name.size())));
  if (!descriptors) return descriptors.error();
  for (const int descriptor : *descriptors) {
    auto one = take_over(executor, clock, address, descriptor);
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

base::Result<std::unique_ptr<Listener>> Listener::listen(base::Executor executor, base::Clock& clock,
                                                         std::string_view address) {
  auto all = listen_all(executor, clock, address);
  if (!all) return all.error();
  if (all->size() == 1) return std::move(all->front());
  return base::fail(base::Errc::invalid,
                    fmt::format("{} stands for {} sockets, where one is needed", address, all->size()));
}

}  // namespace postern::net
