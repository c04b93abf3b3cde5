// A DNS server on loopback, UDP and TCP on one port, that answers as the test says. Runs on the test's loop.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "dns_bytes.hpp"
#include "postern/net/ip.hpp"

namespace postern::net {

struct DnsQuery {
  std::string bytes;
  std::string name;  // as it was asked, octets between dots
  DnsType type = DnsType::a;
  bool tcp = false;
  bool edns() const { return bytes.size() > 12 && bytes[11] == 1; }
  // The beginning of the answer to it.
  DnsBytes reply(std::size_t flags = DnsBytes::plain) const {
    const auto octet = [this](std::size_t at) { return static_cast<std::size_t>(bytes.at(at)) & 255; };
    DnsBytes out(flags, octet(0) << 8 | octet(1));
    out.question(name, type);
    return out;
  }
};

class FakeDns {
 public:
  struct Host {
    std::vector<std::string> addresses;
    int status = 0;         // RCODE: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
    bool silent = false;    // no answer at all
    bool v6_fails = false;  // AAAA alone gives SERVFAIL
    std::uint8_t ttl = 30;
  };
  // The answer's bytes, whatever they are; empty: none.
  using Script = std::function<std::string(const DnsQuery&)>;

  explicit FakeDns(boost::asio::io_context& loop) : udp_(loop), tcp_(loop) {
    for (int i = 0; !bind_both(); ++i) {
      if (i == 100) throw std::runtime_error("FakeDns: no port that is free for both");
    }
    receive();
    accept();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(udp_.local_endpoint().port()); }
  std::map<std::string, Host> hosts;      // every other name: NXDOMAIN
  std::map<std::string, Script> scripts;  // take precedence
  int queries = 0;
  int tcp_queries = 0;  // of them
  std::vector<DnsQuery> asked;

 private:
  struct Connection {
    explicit Connection(boost::asio::ip::tcp::socket s) : socket(std::move(s)) {}
    boost::asio::ip::tcp::socket socket;
    std::array<unsigned char, 2> size{};
    std::string message;
  };
  static constexpr std::size_t header = 12;

  // A free port of TCP may be taken for UDP.
  bool bind_both() {
    const auto here = boost::asio::ip::address_v4::loopback();
    tcp_ = boost::asio::ip::tcp::acceptor(tcp_.get_executor(), {here, 0});
    udp_ = boost::asio::ip::udp::socket(udp_.get_executor(), boost::asio::ip::udp::v4());
    boost::system::error_code error;
    udp_.bind({here, tcp_.local_endpoint().port()}, error);
    return !error;
  }
  void receive() {
    udp_.async_receive_from(boost::asio::buffer(packet_), from_, [this](auto error, std::size_t size) {
      if (error) return;
      const std::string answer = answer_to(std::string(packet_.data(), size), false);
      boost::system::error_code ignored;
      if (!answer.empty()) udp_.send_to(boost::asio::buffer(answer), from_, 0, ignored);
      receive();
    });
  }
  void accept() {
    tcp_.async_accept([this](auto error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      read(std::make_shared<Connection>(std::move(socket)));
      accept();
    });
  }
  void read(const std::shared_ptr<Connection>& peer) {
    boost::asio::async_read(peer->socket, boost::asio::buffer(peer->size), [this, peer](auto error, auto) {
      if (error) return;
      peer->message.resize(static_cast<std::size_t>(peer->size[0]) << 8 | peer->size[1]);
      boost::asio::async_read(peer->socket, boost::asio::buffer(peer->message),
                              [this, peer](auto failed, auto) {
                                if (!failed) answer(peer);
                              });
    });
  }
  // Without an answer the connection is closed.
  void answer(const std::shared_ptr<Connection>& peer) {
    const auto bytes = answer_to(peer->message, true);
    if (bytes.empty()) return;
    boost::system::error_code ignored;
    boost::asio::write(peer->socket, boost::asio::buffer(dns_word(bytes.size()) + bytes), ignored);
    read(peer);
  }

  static DnsQuery parse(std::string bytes, bool tcp) {
    DnsQuery out;
    std::size_t at = header;
    while (bytes.at(at) != 0) {
      const auto length = static_cast<std::size_t>(bytes[at]);
      out.name += (out.name.empty() ? "" : ".") + bytes.substr(at + 1, length);
      at += length + 1;
    }
    out.type = static_cast<DnsType>(bytes.at(at + 2));
    out.tcp = tcp;
    out.bytes = std::move(bytes);
    return out;
  }
  // One question, as resolvers send it.
  std::string answer_to(std::string bytes, bool tcp) {
    ++queries;
    tcp_queries += tcp ? 1 : 0;
    asked.push_back(parse(std::move(bytes), tcp));
    const auto query = asked.back();
    const auto script = scripts.find(query.name);
    if (script != scripts.end()) return script->second(query);
    const auto found = hosts.find(query.name);
    return host_answer(query, found == hosts.end() ? Host{{}, 3} : found->second);
  }
  static std::string host_answer(const DnsQuery& query, const Host& host) {
    if (host.silent) return {};
    const bool fails = host.v6_fails && query.type == DnsType::aaaa;
    const auto status = static_cast<std::size_t>(fails ? 2 : host.status);
    auto reply = query.reply(DnsBytes::plain | status);
    for (const auto& text : host.addresses) {
      const auto ip = IpAddress::parse(text).value();
      if (status != 0 || ip.is_v4() != (query.type == DnsType::a)) continue;
      const std::string octets(ip.bytes.begin(), ip.bytes.end());
      reply.record(dns_pointer(header), DnsBytes::of(query.type), host.ttl,
                   octets.substr(ip.is_v4() ? 12 : 0));
    }
    return reply.bytes();
  }

  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::acceptor tcp_;
  boost::asio::ip::udp::endpoint from_;
  std::array<char, 1500> packet_{};
};

}  // namespace postern::net
