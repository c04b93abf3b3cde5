#include "postern/net/dialer.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <exception>
#include <optional>

#include "cancellation.hpp"
#include "socket_address.hpp"
#include "socket_stream.hpp"

namespace postern::net {

namespace asio = boost::asio;

namespace {

constexpr base::Duration per_address = std::chrono::seconds(10);

constexpr auto token = asio::as_tuple(asio::use_awaitable_t<base::Executor>());

using StreamPtr = std::unique_ptr<Stream>;

// A look-up that nobody may be waiting for any more when its answer comes.
struct LookUp {
  std::unique_ptr<base::Timer> answered;
  std::optional<base::Result<std::vector<IpAddress>>> answer;
};

base::Task<base::Result<std::vector<IpAddress>>> look_up(base::Executor executor, base::Clock& clock,
                                                         HostResolver& resolver, std::string host,
                                                         base::SteadyTime deadline) {
  auto asked = std::make_shared<LookUp>();
  asked->answered = clock.make_timer(executor);
  asked->answered->expires_at(deadline);
  asio::co_spawn(executor, resolver.addresses(host),
                 [asked](const std::exception_ptr& thrown, base::Result<std::vector<IpAddress>> answer) {
                   if (thrown) answer = base::fail(base::Errc::unavailable, "the look-up failed");
                   asked->answer = std::move(answer);
                   asked->answered->cancel();
                 });
  co_await asked->answered->wait();
  const bool cancelled = co_await was_cancelled();
  if (cancelled) co_return base::fail(base::Errc::cancelled, "cancelled");
  if (!asked->answer) co_return base::fail(base::Errc::timeout, "the look-up took too long");
  co_return *asked->answer;
}

// Connects within the deadline; the error names the address.
base::Task<base::Result<StreamPtr>> connect_to(base::Executor executor, base::Clock& clock,
                                               SocketAddress where, Peer peer, base::SteadyTime deadline) {
  Socket socket(executor);
  boost::system::error_code error;
  const auto endpoint = where.endpoint();
  socket.open(endpoint.protocol(), error);
  if (error) co_return base::system_error("socket", error.value());
  {
    // Cancelling is what the end of the time does; the guard goes before the socket moves on.
    Deadline guard(executor, clock, [&socket] {
      boost::system::error_code ignored;
      socket.cancel(ignored);
    });
    guard.set(deadline);
    guard.arm();
    auto [result] = co_await socket.async_connect(endpoint, token);
    error = result;
  }
  const bool cancelled = co_await was_cancelled();
  if (cancelled) co_return base::fail(base::Errc::cancelled, peer.to_string() + ": cancelled");
  if (error) {
    const bool late = error == asio::error::operation_aborted;
    co_return base::system_error(peer.to_string(), late ? ETIMEDOUT : error.value());
  }
  const int on = 1;
  if (!peer.is_local_socket)
    (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  StreamPtr stream = std::make_unique<SocketStream>(std::move(socket), peer, clock);
  stream->set_deadline(deadline);
  co_return stream;
}

base::Error of_host(const std::string& host, const base::Error& error) {
  return base::fail(error.code, fmt::format("{}: {}", host, error.message));
}

}  // namespace

TcpDialer::TcpDialer(base::Executor executor, base::Clock& clock, HostResolver& resolver)
    : executor_(std::move(executor)), clock_(clock), resolver_(resolver) {}

base::Task<base::Result<StreamPtr>> TcpDialer::connect(Target target, base::SteadyTime deadline) {
  if (target.host.starts_with("unix:")) {
    auto where = SocketAddress::of_path(target.host.substr(5));
    if (!where) co_return where.error();
    const Peer local{IpAddress::parse("::1").value(), 0, true};
    auto stream = co_await connect_to(executor_, clock_, *where, local, deadline);
    if (!stream) co_return of_host(target.host, stream.error());
    co_return stream;
  }
  auto addresses = co_await look_up(executor_, clock_, resolver_, target.host, deadline);
  if (!addresses) co_return of_host(target.host, addresses.error());
  auto stream = co_await connect_to_any(std::move(*addresses), target.port, deadline);
  if (!stream) co_return of_host(target.host, stream.error());
  if (!target.implicit_tls) co_return stream;
  auto secured = co_await (*stream)->start_tls_client(target.implicit_tls, target.host);
  if (!secured) co_return of_host((*stream)->peer().to_string(), secured.error());
  co_return stream;
}

base::Task<base::Result<StreamPtr>> TcpDialer::connect_to_any(std::vector<IpAddress> addresses,
                                                              std::uint16_t port, base::SteadyTime deadline) {
  base::Result<StreamPtr> stream = base::fail(base::Errc::unreachable, "no address");
  // SES stands behind several addresses that change: each connection begins with another one.
  const std::size_t first = rotation_++;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Peer peer{addresses[(first + i) % addresses.size()], port, false};
    const auto until = std::min(deadline, clock_.steady_now() + per_address);
    stream = co_await connect_to(executor_, clock_, SocketAddress::of(peer.address, port), peer, until);
    if (stream) {
      (*stream)->set_deadline(deadline);
      break;
    }
    const bool over = clock_.steady_now() >= deadline || stream.error().code == base::Errc::cancelled;
    if (over) break;
  }
  co_return stream;
}

}  // namespace postern::net
