// Between addresses as values and the kernel's sockaddr. Private to net.
#pragma once

#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"
#include "postern/net/stream.hpp"

namespace postern::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int protocol = 0;

  static SocketAddress of(const IpAddress& ip, std::uint16_t port);
  static base::Result<SocketAddress> of_text(std::string_view address);  // 127.0.0.1:25, [::1]:25
  static base::Result<SocketAddress> of_path(const std::string& path);   // of a Unix socket

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  boost::asio::generic::stream_protocol::endpoint endpoint() const { return {&storage, size, protocol}; }
};

// Who is at the other end.
Peer peer_of(const boost::asio::generic::stream_protocol::endpoint& endpoint);

}  // namespace postern::net
