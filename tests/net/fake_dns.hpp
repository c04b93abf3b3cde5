// A DNS server on loopback that answers as the test says. Runs on the test's loop.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "postern/net/ip.hpp"

namespace postern::net {

class FakeDns {
 public:
  struct Host {
    std::vector<std::string> addresses;
    int status = 0;         // RCODE: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
    bool silent = false;    // no answer at all
    bool v6_fails = false;  // AAAA alone gives SERVFAIL
    std::uint8_t ttl = 30;
  };

  explicit FakeDns(boost::asio::io_context& loop)
      : socket_(loop, {boost::asio::ip::address_v4::loopback(), 0}) {
    receive();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port()); }
  std::map<std::string, Host> hosts;  // every other name: NXDOMAIN
  int queries = 0;

 private:
  static constexpr std::size_t header = 12;
  static constexpr char type_a = 1, type_aaaa = 28;

  void receive() {
    socket_.async_receive_from(boost::asio::buffer(packet_), from_, [this](auto error, std::size_t size) {
      if (error) return;
      ++queries;
      const std::string answer = answer_to(std::string(packet_.data(), size));
      boost::system::error_code ignored;
      if (!answer.empty()) socket_.send_to(boost::asio::buffer(answer), from_, 0, ignored);
      receive();
    });
  }
  static std::string name_in(const std::string& query, std::size_t& at) {
    std::string name;
    for (at = header; query.at(at) != 0;) {
      const auto length = static_cast<std::size_t>(query[at]);
      name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
      at += length + 1;
    }
    ++at;
    return name;
  }
  // One question, as resolvers send it; RFC 1035 section 4.1.
  std::string answer_to(const std::string& query) const {
    std::size_t at = 0;
    const auto found = hosts.find(name_in(query, at));
    const Host host = found == hosts.end() ? Host{{}, 3} : found->second;
    if (host.silent) return {};
    const char type = query.at(at + 1);
    const int status = host.v6_fails && type == type_aaaa ? 2 : host.status;
    std::string records;
    char count = 0;
    for (const auto& text : host.addresses) {
      const auto ip = IpAddress::parse(text).value();
      if (status != 0 || ip.is_v4() != (type == type_a)) continue;
      const char size = ip.is_v4() ? 4 : 16;
      records += std::string{'\xc0', header, 0, type, 0, 1, 0, 0, 0, static_cast<char>(host.ttl), 0, size};
      records.append(reinterpret_cast<const char*>(ip.bytes.data()) + 16 - size,
                     static_cast<std::size_t>(size));
      ++count;
    }
    const std::string flags{'\x81', static_cast<char>(0x80 | status)};
    const std::string counts{0, 1, 0, count, 0, 0, 0, 0};
    return query.substr(0, 2) + flags + counts + query.substr(header, at + 4 - header) + records;
  }

  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint from_;
  std::array<char, 1500> packet_{};
};

}  // namespace postern::net
