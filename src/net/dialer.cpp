#include "postern/net/dialer.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "socket_address.hpp"
#include "socket_stream.hpp"

namespace postern::net {

namespace asio = boost::asio;

namespace {

constexpr base::Duration per_address = std::chrono::seconds(10);

using StreamPtr = std::unique_ptr<Stream>;

// Connects within the deadline; the error names the address.
base::Task<base::Result<StreamPtr>> connect_to(base::Executor executor, base::Clock& clock,
                                               SocketAddress where, Peer peer, base::SteadyTime deadline) {
  Socket socket(executor);
  boost::system::error_code opened;
  const auto endpoint = where.endpoint();
  socket.open(endpoint.protocol(), opened);
  if (opened) co_return base::system_error("socket", opened.value());
  {
    // Cancelling is what the end of the time does; the guard goes before the socket moves on.
    Deadline guard(executor, clock, [&socket] {
      boost::system::error_code ignored;
      socket.cancel(ignored);
    });
    guard.set(deadline);
    guard.arm();
    constexpr auto token = asio::as_tuple(asio::use_awaitable_t<base::Executor>());
    auto [error] = co_await socket.async_connect(endpoint, token);
    if (error) {
      const bool late = error == asio::error::operation_aborted;
      auto why = base::system_error(peer.to_string(), late ? ETIMEDOUT : error.value());
      co_return why;
    }
  }
  const int on = 1;
  if (!peer.is_local_socket)
    (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  StreamPtr stream = std::make_unique<SocketStream>(std::move(socket), peer, clock);
  co_return stream;
}

}  // namespace

TcpDialer::TcpDialer(base::Executor executor, base::Clock& clock, HostResolver& resolver)
    : executor_(std::move(executor)), clock_(clock), resolver_(resolver) {}

base::Task<base::Result<StreamPtr>> TcpDialer::connect(Target target, base::SteadyTime deadline) {
  base::Result<StreamPtr> stream = base::fail(base::Errc::unreachable, target.host + " has no address");
  if (target.host.starts_with("unix:")) {
    auto where = SocketAddress::of_path(target.host.substr(5));
    if (!where) co_return where.error();
    Peer local{IpAddress::parse("::1").value(), 0, true};
    stream = co_await connect_to(executor_, clock_, *where, local, deadline);
    if (stream) (*stream)->set_deadline(deadline);
    co_return stream;
  }
  auto addresses = co_await resolver_.addresses(target.host);
  if (!addresses)
    co_return base::fail(addresses.error().code,
                         fmt::format("{}: {}", target.host, addresses.error().message));
  // SES stands behind several addresses that change: each connection begins with another one.
  std::rotate(addresses->begin(),
              addresses->begin() + static_cast<std::ptrdiff_t>(rotation_++ % addresses->size()),
              addresses->end());
  for (const auto& ip : *addresses) {
    if (clock_.steady_now() >= deadline) break;
    Peer peer{ip, target.port, false};
    const auto until = std::min(deadline, clock_.steady_now() + per_address);
    stream = co_await connect_to(executor_, clock_, SocketAddress::of(ip, target.port), peer, until);
    if (!stream) continue;
    (*stream)->set_deadline(deadline);
    if (!target.implicit_tls) co_return stream;
    auto secured = co_await (*stream)->start_tls_client(target.implicit_tls, target.host);
    if (!secured)
      co_return base::fail(base::Errc::tls, fmt::format("{}: {}", peer.to_string(), secured.error().message));
    co_return stream;
  }
  if (!stream)
    co_return base::fail(stream.error().code, fmt::format("{}: {}", target.host, stream.error().message));
  co_return stream;
}

}  // namespace postern::net
