// IP addresses and networks as values. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"

namespace postern::net {

// v4 addresses are kept v4-mapped, so that ::ffff:127.0.0.1 and 127.0.0.1 are one.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4() const;
  bool is_loopback() const;
  bool is_private() const;  // RFC 1918, RFC 6598, RFC 4193, link-local, loopback
  std::string to_string() const;
  static base::Result<IpAddress> parse(std::string_view text);  // "127.0.0.1", "::1", also "[::1]"
  auto operator<=>(const IpAddress&) const = default;
};

struct Network {
  IpAddress address;
  int prefix = 128;  // of the 128 bits; a v4 /8 is 104
  bool contains(const IpAddress& ip) const;
  bool is_private() const;                                    // every address of it is
  static base::Result<Network> parse(std::string_view text);  // "10.0.0.0/8", "::1"; host bits must be zero
};

// host:port, [v6]:port
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  static base::Result<HostPort> parse(std::string_view text);
  std::string to_string() const;
};

}  // namespace postern::net
