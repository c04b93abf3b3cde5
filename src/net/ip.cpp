#include "postern/net/ip.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace postern::net {

namespace {

constexpr std::size_t v4_offset = 12;
constexpr int v4_prefix = 96;

std::string_view without_brackets(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return text.substr(1, text.size() - 2);
  return text;
}

template <class T>
bool to_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool starts_with_bits(const IpAddress& ip, const IpAddress& network, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(ip.bytes.begin(), ip.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  network.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xffu << (8 - bits % 8) & 0xffu;
  return (ip.bytes[whole] & mask) == (network.bytes[whole] & mask);
}

const std::vector<Network>& private_networks() {
  static const std::vector<Network> all = [] {
    std::vector<Network> out;
    for (const char* text : {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                             "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"}) {
      out.push_back(Network::parse(text).value());
    }
    return out;
  }();
  return all;
}

}  // namespace

bool IpAddress::is_v4() const {
  static constexpr std::array<std::uint8_t, v4_offset> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(mapped.begin(), mapped.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[v4_offset] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return b == 0; }) && bytes.back() == 1;
}

bool IpAddress::is_private() const {
  return std::ranges::any_of(private_networks(), [this](const Network& n) { return n.contains(*this); });
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + v4_offset, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  }
  return text;
}

base::Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string plain(without_brackets(text));
  const auto none = base::fail(base::Errc::invalid, "not an IP address: " + std::string(text));
  if (plain.find('\0') != std::string::npos) return none;  // inet_pton would stop there
  IpAddress out;
  if (inet_pton(AF_INET, plain.c_str(), out.bytes.data() + v4_offset) == 1) {
    out.bytes[10] = out.bytes[11] = 0xff;
    return out;
  }
  if (inet_pton(AF_INET6, plain.c_str(), out.bytes.data()) == 1) return out;
  return none;
}

bool Network::contains(const IpAddress& ip) const {
  return starts_with_bits(ip, address, prefix);
}

bool Network::is_private() const {
  return std::ranges::any_of(private_networks(),
                             [this](const Network& n) { return n.prefix <= prefix && n.contains(address); });
}

base::Result<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return base::fail(base::Errc::invalid, "not a network: " + std::string(text));
  Network out{*address, 128};
  if (slash != std::string_view::npos) {
    int bits = 0;
    const int most = address->is_v4() ? 32 : 128;
    if (!to_number(text.substr(slash + 1), bits) || bits < 0 || bits > most) {
      return base::fail(base::Errc::invalid, fmt::format("not a network: {} (prefix 0 to {})", text, most));
    }
    out.prefix = address->is_v4() ? bits + v4_prefix : bits;
  }
  IpAddress network;
  for (int bit = 0; bit < out.prefix; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const unsigned kept = network.bytes[byte] | (out.address.bytes[byte] & (0x80u >> (bit % 8)));
    network.bytes[byte] = static_cast<std::uint8_t>(kept);
  }
  if (network != out.address) {
    return base::fail(base::Errc::invalid,
                      fmt::format("{} has bits set behind its prefix; did you mean {}{}?", text,
                                  network.to_string(), text.substr(slash)));
  }
  return out;
}

base::Result<HostPort> HostPort::parse(std::string_view text) {
  const auto wrong = base::fail(base::Errc::invalid, "not host:port: " + std::string(text));
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong;
  HostPort out;
  const auto host = text.substr(0, colon);
  if (!to_number(text.substr(colon + 1), out.port)) return wrong;
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string_view::npos) return wrong;
  out.host = without_brackets(host);
  if (out.host.empty()) return wrong;
  return out;
}

std::string HostPort::to_string() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

}  // namespace postern::net
