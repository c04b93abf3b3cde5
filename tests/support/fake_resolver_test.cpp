#include "support/fake_resolver.hpp"

#include <gtest/gtest.h>

#include "support/run.hpp"

namespace postern::support {
namespace {

using net::DnsType;
using Status = net::DnsAnswer::Status;

struct FakeResolverTest : testing::Test {
  boost::asio::io_context loop;
  FakeResolver zone;

  base::Result<net::DnsAnswerPtr> ask(std::string name, DnsType type) {
    return run(loop, zone.query(std::move(name), type));
  }
  Status status(std::string name, DnsType type) { return ask(std::move(name), type).value()->status; }
};

TEST_F(FakeResolverTest, records_are_found_whatever_case_and_final_dot) {
  zone.txt("Example.com", "v=spf1 -all");
  zone.txt("example.com.", "another");
  EXPECT_EQ(ask("EXAMPLE.com.", DnsType::txt).value()->texts,
            (std::vector<std::string>{"v=spf1 -all", "another"}));
}

TEST_F(FakeResolverTest, addresses_go_to_the_type_they_are_of) {
  zone.a("example.com", "192.0.2.1");
  zone.a("example.com", "2001:db8::1");
  EXPECT_EQ(ask("example.com", DnsType::a).value()->addresses.at(0).to_string(), "192.0.2.1");
  EXPECT_EQ(ask("example.com", DnsType::aaaa).value()->addresses.at(0).to_string(), "2001:db8::1");
}

TEST_F(FakeResolverTest, mail_exchangers_come_by_preference) {
  zone.mx("example.com", 20, "b.example.com");
  zone.mx("example.com", 10, "a.example.com");
  EXPECT_EQ(ask("example.com", DnsType::mx).value()->mx,
            (std::vector<net::MxRecord>{{10, "a.example.com"}, {20, "b.example.com"}}));
}

TEST_F(FakeResolverTest, an_address_stands_for_its_reverse_name) {
  zone.ptr("192.0.2.1", "host.example.com");
  zone.ptr("2001:db8::1", "six.example.com");
  EXPECT_EQ(ask("1.2.0.192.in-addr.arpa", DnsType::ptr).value()->names.at(0), "host.example.com");
  EXPECT_EQ(ask("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", DnsType::ptr)
                .value()
                ->names.at(0),
            "six.example.com");
}

TEST_F(FakeResolverTest, a_name_that_has_other_types_or_names_below_it_exists) {
  zone.a("host.below.example.com", "192.0.2.1");
  zone.exists("bare.example.com");
  EXPECT_EQ(status("host.below.example.com", DnsType::txt), Status::no_data);
  EXPECT_EQ(status("below.example.com", DnsType::a), Status::no_data);
  EXPECT_EQ(status("bare.example.com", DnsType::a), Status::no_data);
  EXPECT_EQ(status("other.example.com", DnsType::a), Status::no_such_name);
}

TEST_F(FakeResolverTest, aliases_are_followed_and_loops_end) {
  zone.cname("a.example.com", "b.example.com");
  zone.a("b.example.com", "192.0.2.1");
  zone.cname("dangling.example.com", "nowhere.example.com");
  zone.cname("loop.example.com", "loop.example.com");
  EXPECT_EQ(status("a.example.com", DnsType::a), Status::found);
  EXPECT_EQ(status("dangling.example.com", DnsType::a), Status::no_such_name);
  EXPECT_EQ(ask("loop.example.com", DnsType::a).error().code, base::Errc::unavailable);
}

TEST_F(FakeResolverTest, misbehaves_for_the_types_it_was_told) {
  zone.txt("example.com", "here");
  zone.timeout("example.com", DnsType::a);
  zone.servfail("servfail.example.com");
  zone.garbage("garbage.example.com");
  EXPECT_EQ(ask("example.com", DnsType::a).error().code, base::Errc::timeout);
  EXPECT_EQ(status("example.com", DnsType::txt), Status::found);
  EXPECT_EQ(ask("servfail.example.com", DnsType::mx).error().code, base::Errc::unavailable);
  EXPECT_EQ(ask("garbage.example.com", DnsType::ptr).error().code, base::Errc::protocol);
}

TEST_F(FakeResolverTest, refuses_what_dns_cannot_carry) {
  for (const auto& name : {std::string(), std::string("a..b"), std::string(64, 'a') + ".com"})
    EXPECT_EQ(ask(name, DnsType::txt).error().code, base::Errc::invalid) << name;
}

TEST_F(FakeResolverTest, the_least_expiry_of_a_chain_counts) {
  const base::SteadyTime early{std::chrono::seconds(5)};
  zone.cname("a.example.com", "b.example.com");
  zone.expires("a.example.com", early);
  zone.a("b.example.com", "192.0.2.1");
  EXPECT_EQ(ask("a.example.com", DnsType::a).value()->expires, early);
  EXPECT_EQ(ask("b.example.com", DnsType::a).value()->expires, base::SteadyTime::max());
}

TEST_F(FakeResolverTest, counts_what_it_was_asked) {
  status("one.example.com", DnsType::a);
  status("ONE.example.com", DnsType::txt);
  status("two.example.com", DnsType::a);
  EXPECT_EQ(zone.queries(), 3u);
  EXPECT_EQ(zone.queries("one.example.com"), 2u);
  EXPECT_EQ(zone.asked().back(), (FakeResolver::Question{"two.example.com", DnsType::a}));
}

TEST_F(FakeResolverTest, a_slow_name_takes_its_time) {
  ManualClock clock;
  zone.txt("example.com", "here");
  zone.slow("example.com", clock, std::chrono::seconds(2));
  bool answered = false;
  boost::asio::co_spawn(loop, zone.query("example.com", DnsType::txt),
                        [&](std::exception_ptr, const auto& answer) { answered = answer.has_value(); });
  advance(loop, clock, std::chrono::milliseconds(1999));
  EXPECT_FALSE(answered);
  advance(loop, clock, std::chrono::milliseconds(1));
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace postern::support
