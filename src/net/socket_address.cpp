#include "socket_address.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace postern::net {

namespace {
constexpr std::size_t v4_offset = 12;
}

std::string Peer::to_string() const {
  if (is_local_socket) return "unix";
  return HostPort{address.to_string(), port}.to_string();
}

SocketAddress SocketAddress::of(const IpAddress& ip, std::uint16_t port) {
  SocketAddress out;
  out.protocol = IPPROTO_TCP;
  if (ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip.bytes.data() + v4_offset, sizeof v4.sin_addr);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, ip.bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

base::Result<SocketAddress> SocketAddress::of_text(std::string_view address) {
  const auto parsed = HostPort::parse(address);
  if (!parsed) return parsed.error();
  const auto ip = IpAddress::parse(parsed->host);
  if (!ip)
    return base::fail(base::Errc::invalid,
                      fmt::format("{}: an IP address is needed here, not a name", address));
  return of(*ip, parsed->port);
}

base::Result<SocketAddress> SocketAddress::of_path(const std::string& path) {
  sockaddr_un where{};
  if (path.empty() || path.size() >= sizeof where.sun_path) {
    return base::fail(base::Errc::invalid,
                      fmt::format("unix:{}: a socket path has 1 to 107 characters", path));
  }
  where.sun_family = AF_UNIX;
  std::memcpy(where.sun_path, path.data(), path.size());
  SocketAddress out;
  std::memcpy(&out.storage, &where, sizeof where);
  out.size = sizeof where;
  return out;
}

Peer peer_of(const boost::asio::generic::stream_protocol::endpoint& endpoint) {
  Peer peer;
  sockaddr_storage from{};
  std::memcpy(&from, endpoint.data(), std::min(sizeof from, endpoint.size()));
  if (from.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    peer.address.bytes[10] = peer.address.bytes[11] = 0xff;
    std::memcpy(peer.address.bytes.data() + v4_offset, &v4.sin_addr, sizeof v4.sin_addr);
    peer.port = ntohs(v4.sin_port);
  } else if (from.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    std::memcpy(peer.address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    peer.port = ntohs(v6.sin6_port);
  } else {
    peer.is_local_socket = true;
    peer.address.bytes.back() = 1;
  }
  return peer;
}

}  // namespace postern::net
