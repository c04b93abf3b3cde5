#include "postern/net/ip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postern/net/stream.hpp"

namespace postern::net {
namespace {

using testing::HasSubstr;

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}
Network network(std::string_view text) {
  return Network::parse(text).value();
}

TEST(IpAddress, reads_and_writes_both_families) {
  EXPECT_EQ(ip("192.0.2.7").to_string(), "192.0.2.7");
  EXPECT_EQ(ip("2001:DB8::0:1").to_string(), "2001:db8::1");
  EXPECT_EQ(ip("[::1]"), ip("::1"));
}

TEST(IpAddress, a_mapped_v4_address_is_the_v4_address) {
  EXPECT_EQ(ip("::ffff:127.0.0.1"), ip("127.0.0.1"));
  EXPECT_TRUE(ip("::ffff:127.0.0.1").is_v4());
  EXPECT_FALSE(ip("::1").is_v4());
}

TEST(IpAddress, refuses_what_is_none) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", "localhost", "::g", "[::1",
                           "fe80::1%lo", "127.0.0.1/8"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("127.0.0.1\0x", 11)));
}

TEST(IpAddress, knows_loopback_and_private) {
  for (const char* text : {"127.0.0.1", "127.255.255.254", "::1"})
    EXPECT_TRUE(ip(text).is_loopback()) << text;
  for (const char* text : {"128.0.0.1", "10.0.0.1", "::", "::2", "::127.0.0.1"}) {
    EXPECT_FALSE(ip(text).is_loopback()) << text;
  }
  for (const char* text : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
                           "169.254.1.1", "fd00::1", "fe80::1", "127.0.0.1", "::1"}) {
    EXPECT_TRUE(ip(text).is_private()) << text;
  }
  for (const char* text : {"11.0.0.1", "172.32.0.1", "172.15.255.255", "192.169.0.1", "100.128.0.1",
                           "8.8.8.8", "2001:db8::1", "fec0::1"}) {
    EXPECT_FALSE(ip(text).is_private()) << text;
  }
}

TEST(Network, contains_what_shares_its_prefix) {
  EXPECT_TRUE(network("10.0.0.0/8").contains(ip("10.255.0.1")));
  EXPECT_FALSE(network("10.0.0.0/8").contains(ip("11.0.0.0")));
  EXPECT_TRUE(network("172.16.0.0/12").contains(ip("172.31.9.9")));
  EXPECT_FALSE(network("172.16.0.0/12").contains(ip("172.32.0.0")));
  EXPECT_TRUE(network("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(network("2001:db8::/33").contains(ip("2001:db8:8000::1")));
  EXPECT_TRUE(network("0.0.0.0/0").contains(ip("203.0.113.1")));
  EXPECT_FALSE(network("0.0.0.0/0").contains(ip("2001:db8::1")));
}

TEST(Network, without_a_prefix_is_one_address) {
  EXPECT_TRUE(network("::1").contains(ip("::1")));
  EXPECT_FALSE(network("::1").contains(ip("::2")));
  EXPECT_EQ(network("192.0.2.1").prefix, 128);
  EXPECT_EQ(network("192.0.2.0/24").prefix, 120);
}

TEST(Network, host_bits_are_an_error_that_shows_the_network) {
  const auto result = Network::parse("10.1.2.3/8");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("10.0.0.0/8"));
}

TEST(Network, refuses_what_is_none) {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "example.com/8"})
    EXPECT_FALSE(Network::parse(text)) << text;
}

TEST(Network, is_private_only_when_all_of_it_is) {
  for (const char* text :
       {"127.0.0.0/8", "10.0.0.0/8", "10.20.0.0/16", "192.168.0.0/16", "fd00::/8", "::1"}) {
    EXPECT_TRUE(network(text).is_private()) << text;
  }
  for (const char* text : {"0.0.0.0/0", "::/0", "10.0.0.0/7", "192.0.0.0/8", "fe00::/7", "8.8.8.8"}) {
    EXPECT_FALSE(network(text).is_private()) << text;
  }
}

TEST(HostPort, reads_names_and_literals) {
  const auto name = HostPort::parse("email-smtp.example.com:587").value();
  EXPECT_EQ(name.host, "email-smtp.example.com");
  EXPECT_EQ(name.port, 587);
  EXPECT_EQ(HostPort::parse("[2001:db8::1]:25")->host, "2001:db8::1");
  for (const char* text : {"127.0.0.1:25", "[::1]:0", "localhost:65535"}) {
    EXPECT_EQ(HostPort::parse(text)->to_string(), text);
  }
}

TEST(HostPort, refuses_what_is_none) {
  for (const char* text : {"", "host", ":25", "host:", "host:x", "host:65536", "host:-1", "::1:25", "[]:25",
                           "[::1]", "host:25 "}) {
    EXPECT_FALSE(HostPort::parse(text)) << text;
  }
}

TEST(Peer, names_itself_for_the_log) {
  EXPECT_EQ((Peer{ip("127.0.0.1"), 4711, false}).to_string(), "127.0.0.1:4711");
  EXPECT_EQ((Peer{ip("::1"), 25, false}).to_string(), "[::1]:25");
  EXPECT_EQ((Peer{ip("::1"), 0, true}).to_string(), "unix");
}

}  // namespace
}  // namespace postern::net
