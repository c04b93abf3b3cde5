#include "intake/clients.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace postern::intake {
namespace {

net::Peer peer(const std::string& address) {
  net::Peer out;
  out.address = net::IpAddress::parse(address).value();
  return out;
}

TEST(Clients, one_client_gets_its_share_and_no_more) {
  Clients clients;
  EXPECT_TRUE(clients.admit(peer("10.0.0.1"), 10, 2));
  EXPECT_TRUE(clients.admit(peer("10.0.0.1"), 10, 2));
  EXPECT_FALSE(clients.admit(peer("10.0.0.1"), 10, 2));
  EXPECT_TRUE(clients.admit(peer("10.0.0.2"), 10, 2));
  clients.leave(peer("10.0.0.1"));
  EXPECT_TRUE(clients.admit(peer("10.0.0.1"), 10, 2));
}

TEST(Clients, loopback_and_local_sockets_are_only_held_to_the_total) {
  Clients clients;
  net::Peer local;
  local.is_local_socket = true;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(clients.admit(peer("127.0.0.1"), 7, 1));
  EXPECT_TRUE(clients.admit(local, 7, 1));
  EXPECT_TRUE(clients.admit(local, 7, 1));
  EXPECT_FALSE(clients.admit(local, 7, 1));
}

TEST(Clients, messages_a_minute_refill_as_time_passes) {
  Clients clients;
  support::ManualClock clock;
  const auto client = peer("10.0.0.1");
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(clients.may_send(client, 60, clock.steady_now()));
  EXPECT_FALSE(clients.may_send(client, 60, clock.steady_now()));
  clock.set(std::chrono::seconds(2));
  EXPECT_TRUE(clients.may_send(client, 60, clock.steady_now()));
  EXPECT_TRUE(clients.may_send(client, 60, clock.steady_now()));
  EXPECT_FALSE(clients.may_send(client, 60, clock.steady_now()));
  EXPECT_TRUE(clients.may_send(peer("127.0.0.1"), 1, clock.steady_now()));
  EXPECT_TRUE(clients.may_send(peer("127.0.0.1"), 1, clock.steady_now()));
}

}  // namespace
}  // namespace postern::intake
