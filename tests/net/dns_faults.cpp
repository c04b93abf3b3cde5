// The resolver against a server of another make, with the faults it has to offer. dns_faults.py starts the
// server and then this program, with the server's address in POSTERN_TEST_DNS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "postern/net/dns.hpp"
#include "support/run.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using Status = DnsAnswer::Status;

class DnsFaults : public testing::Test {
 protected:
  void SetUp() override {
    const char* server = std::getenv("POSTERN_TEST_DNS");
    ASSERT_NE(server, nullptr) << "run dns_faults.py";
    const DnsOptions options{{server}, milliseconds(150), 2};
    resolver = std::move(CaresResolver::create(loop.get_executor(), clock, options).value());
  }
  base::Result<DnsAnswerPtr> ask(const std::string& name, DnsType type = DnsType::txt) {
    return support::run(loop, resolver->query(name, type));
  }
  std::string outcome(const std::string& name, DnsType type = DnsType::txt) {
    const auto answer = ask(name, type);
    if (!answer) return std::string(base::to_string(answer.error().code));
    if ((*answer)->status == Status::no_such_name) return "no such name";
    if ((*answer)->status == Status::no_data) return "no data";
    std::string out;
    for (const auto& text : (*answer)->texts) out += text;
    for (const auto& ip : (*answer)->addresses) out += ip.to_string();
    for (const auto& mx : (*answer)->mx) out += std::to_string(mx.preference) + " " + mx.exchange;
    for (const auto& name_of_it : (*answer)->names) out += name_of_it;
    return out;
  }

  base::SystemClock clock;
  boost::asio::io_context loop;
  std::unique_ptr<CaresResolver> resolver;
};

TEST_F(DnsFaults, answers_of_each_type) {
  EXPECT_EQ(outcome("good.test"), "v=spf1 -all");
  EXPECT_EQ(outcome("good.test", DnsType::a), "192.0.2.1");
  EXPECT_EQ(outcome("good.test", DnsType::aaaa), "2001:db8::1");
  EXPECT_EQ(outcome("good.test", DnsType::mx), "10 mx.good.test");
  EXPECT_EQ(outcome("1.2.0.192.in-addr.arpa", DnsType::ptr), "good.test");
  EXPECT_EQ(outcome("good.test", DnsType::ptr), "no data");
  EXPECT_EQ(outcome("absent.test"), "no such name");
  EXPECT_EQ(outcome("bytes.test"), std::string("\0\xff\\\"", 4));
  EXPECT_EQ(outcome("a b%c.test"), "odd");
}

TEST_F(DnsFaults, aliases) {
  EXPECT_EQ(outcome("alias.test"), "v=spf1 -all");
  EXPECT_EQ(outcome("dangling.test"), "no such name");
  EXPECT_EQ(outcome("circle1.test"), "unavailable") << "the server notices the circle: SERVFAIL";
  EXPECT_EQ(outcome("loop.test"), "protocol error");
}

TEST_F(DnsFaults, failures) {
  for (const char* name : {"servfail.test", "refused.test", "formerr.test", "notimp.test"})
    EXPECT_EQ(outcome(name), "unavailable") << name;
  EXPECT_EQ(outcome("good.test"), "v=spf1 -all") << "the channel works on";
  EXPECT_EQ(outcome("hiccup.test"), "well");
}

TEST_F(DnsFaults, large_answers_by_tcp) {
  EXPECT_EQ(outcome("cut.test"), "whole");
  EXPECT_EQ(outcome("large.test"), std::string(60000, 'x'));
  EXPECT_EQ(outcome("closes.test"), "unavailable");
}

TEST_F(DnsFaults, late_and_lost_answers) {
  EXPECT_EQ(outcome("slow.test"), "slow");
  EXPECT_EQ(outcome("lost.test"), "found");
  EXPECT_EQ(outcome("timeout.test"), "timeout");
}

TEST_F(DnsFaults, answers_that_are_none) {
  EXPECT_EQ(outcome("lie.test"), "protocol error");
  for (const char* name : {"id.test", "other.test", "garbage.test"})
    EXPECT_EQ(outcome(name), "timeout") << name;
}

}  // namespace
}  // namespace postern::net
