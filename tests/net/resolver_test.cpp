#include "dns_fixture.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class ResolverTest : public AskingTest<CaresHostResolver> {
 protected:
  using Answer = base::Result<std::vector<IpAddress>>;

  static std::vector<std::string> texts(const Answer& answer) {
    std::vector<std::string> out;
    if (!answer) return {"error: " + answer.error().message};
    for (const auto& ip : *answer) out.push_back(ip.to_string());
    return out;
  }
  Answer ask(const std::string& host) { return run(resolver->addresses(host)); }
};

TEST_F(ResolverTest, a_literal_needs_no_question) {
  EXPECT_THAT(texts(ask("192.0.2.1")), ElementsAre("192.0.2.1"));
  EXPECT_THAT(texts(ask("[2001:db8::1]")), ElementsAre("2001:db8::1"));
  EXPECT_EQ(dns.queries, 0);
}

TEST_F(ResolverTest, localhost_comes_from_the_hosts_file) {
  EXPECT_THAT(texts(ask("localhost")), Contains(testing::AnyOf("127.0.0.1", "::1")));
  EXPECT_EQ(dns.queries, 0);
}

TEST_F(ResolverTest, both_families_are_asked_for) {
  dns.hosts["mail.example.com"] = {{"192.0.2.1", "192.0.2.2", "2001:db8::1"}};
  EXPECT_THAT(texts(ask("mail.example.com")), UnorderedElementsAre("192.0.2.1", "192.0.2.2", "2001:db8::1"));
}

TEST_F(ResolverTest, one_family_is_enough) {
  dns.hosts["v4.example.com"] = {{"192.0.2.1"}};
  dns.hosts["v6.example.com"] = {{"2001:db8::1"}};
  EXPECT_THAT(texts(ask("v4.example.com")), ElementsAre("192.0.2.1"));
  EXPECT_THAT(texts(ask("v6.example.com")), ElementsAre("2001:db8::1"));
}

TEST_F(ResolverTest, an_answer_holds_though_the_other_family_fails) {
  dns.hosts["half.example.com"] = {{"192.0.2.1"}, 0, false, true};
  EXPECT_THAT(texts(ask("half.example.com")), ElementsAre("192.0.2.1"));
}

TEST_F(ResolverTest, a_name_that_does_not_exist_is_not_found) {
  EXPECT_EQ(ask("absent.example.com").error().code, Errc::not_found);
}

TEST_F(ResolverTest, a_name_without_addresses_is_not_found) {
  dns.hosts["empty.example.com"] = {};
  EXPECT_EQ(ask("empty.example.com").error().code, Errc::not_found);
}

TEST_F(ResolverTest, a_server_that_fails_or_refuses_is_unavailable) {
  dns.hosts["broken.example.com"] = {{}, 2};
  dns.hosts["refused.example.com"] = {{}, 5};
  EXPECT_EQ(ask("broken.example.com").error().code, Errc::unavailable);
  EXPECT_EQ(ask("refused.example.com").error().code, Errc::unavailable);
}

// c-ares keeps its own time, so this one takes real milliseconds.
TEST_F(ResolverTest, a_silent_server_is_asked_again_and_then_unavailable) {
  dns.hosts["silent.example.com"] = {{}, 0, true};
  resolver = make(real_clock, {{}, milliseconds(20), 2});
  const auto answer = ask("silent.example.com");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("Timeout"));
  EXPECT_EQ(dns.queries, 4) << "two families, two tries";
}

TEST_F(ResolverTest, the_first_lost_packet_does_no_harm) {
  dns.hosts["mail.example.com"] = {{"192.0.2.1"}, 0, true};
  resolver = make(real_clock, {{}, milliseconds(20), 4});
  auto answer = start(resolver->addresses("mail.example.com"));
  ASSERT_TRUE(run_until([&] { return dns.queries >= 2; }));
  dns.hosts["mail.example.com"].silent = false;
  ASSERT_TRUE(run_until([&] { return answer->has_value(); }));
  EXPECT_THAT(texts(**answer), ElementsAre("192.0.2.1"));
}

TEST_F(ResolverTest, an_answer_is_kept_as_long_as_its_time_to_live) {
  dns.hosts["mail.example.com"] = {{"192.0.2.1"}};
  ASSERT_TRUE(ask("mail.example.com"));
  const int once = dns.queries;
  clock.set(milliseconds(29999));
  EXPECT_TRUE(ask("mail.example.com"));
  EXPECT_EQ(dns.queries, once);
  dns.hosts["mail.example.com"].addresses = {"192.0.2.9"};
  clock.set(milliseconds(1));
  EXPECT_THAT(texts(ask("mail.example.com")), ElementsAre("192.0.2.9"));
}

TEST_F(ResolverTest, no_answer_is_kept_longer_than_a_minute) {
  dns.hosts["mail.example.com"] = {{"192.0.2.1"}, 0, false, false, 255};
  ASSERT_TRUE(ask("mail.example.com"));
  dns.hosts["mail.example.com"].addresses = {"192.0.2.9"};
  clock.set(seconds(60));
  EXPECT_THAT(texts(ask("mail.example.com")), ElementsAre("192.0.2.9"));
}

TEST_F(ResolverTest, an_outage_of_the_dns_does_not_cut_off_a_known_host) {
  dns.hosts["mail.example.com"] = {{"192.0.2.1"}};
  ASSERT_TRUE(ask("mail.example.com"));
  clock.set(seconds(3600));
  dns.hosts["mail.example.com"].status = 2;
  EXPECT_THAT(texts(ask("mail.example.com")), ElementsAre("192.0.2.1"));
  dns.hosts["mail.example.com"].status = 3;
  clock.set(std::chrono::minutes(5));
  EXPECT_EQ(ask("mail.example.com").error().code, Errc::not_found) << "an answer, not an outage";
}

// In an outage: the look-up that finds out waits, here for real milliseconds.
class OutageTest : public ResolverTest {
 protected:
  void SetUp() override {
    resolver = make(clock, {{}, milliseconds(5), 1});
    dns.hosts["mail.example.com"] = {{"192.0.2.1"}};
    ASSERT_TRUE(ask("mail.example.com"));
    clock.set(seconds(60));
    dns.hosts["mail.example.com"].silent = true;
  }
  // c-ares' own time passes, and with it its timer.
  Answer ask_in_vain() {
    auto answer = start(resolver->addresses("mail.example.com"));
    run_until([&] {
      advance(milliseconds(10));
      return answer->has_value();
    });
    return answer->value();
  }
  // The answer without anything else running: no wait.
  std::vector<std::string> at_once() {
    auto answer = start(resolver->addresses("mail.example.com"));
    return answer->has_value() ? texts(**answer) : std::vector<std::string>{"it waits"};
  }
  void let_the_question_end() {
    const auto end = std::chrono::steady_clock::now() + milliseconds(50);
    run_until([&] {
      advance(milliseconds(10));
      return std::chrono::steady_clock::now() > end;
    });
  }
};

TEST_F(OutageTest, only_the_first_waits_for_the_dns) {
  EXPECT_THAT(texts(ask_in_vain()), ElementsAre("192.0.2.1"));
  const int asked = dns.queries;
  for (int i = 0; i < 10; ++i) EXPECT_THAT(at_once(), ElementsAre("192.0.2.1"));
  EXPECT_EQ(dns.queries, asked) << "and the DNS is left in peace";
}

TEST_F(OutageTest, the_dns_is_asked_again_in_the_background_each_five_seconds) {
  ask_in_vain();
  const int asked = dns.queries;
  clock.set(seconds(5));
  for (int i = 0; i < 10; ++i) EXPECT_THAT(at_once(), ElementsAre("192.0.2.1"));
  let_the_question_end();
  EXPECT_EQ(dns.queries, asked + 2) << "one question, two families";
  EXPECT_THAT(at_once(), ElementsAre("192.0.2.1"));
  EXPECT_EQ(dns.queries, asked + 2);
}

TEST_F(OutageTest, its_end_is_noticed_by_the_question_in_the_background) {
  ask_in_vain();
  dns.hosts["mail.example.com"] = {{"192.0.2.9"}};
  clock.set(seconds(5));
  EXPECT_THAT(at_once(), ElementsAre("192.0.2.1"));
  let_the_question_end();
  EXPECT_THAT(at_once(), ElementsAre("192.0.2.9"));
}

TEST_F(OutageTest, a_name_that_is_gone_after_it_is_not_remembered) {
  ask_in_vain();
  dns.hosts["mail.example.com"] = {{}, 3};
  clock.set(seconds(5));
  EXPECT_THAT(at_once(), ElementsAre("192.0.2.1"));
  let_the_question_end();
  EXPECT_EQ(ask("mail.example.com").error().code, Errc::not_found);
}

TEST_F(OutageTest, after_five_minutes_the_dns_is_waited_for_again) {
  ask_in_vain();
  dns.hosts["mail.example.com"] = {{"192.0.2.9"}};
  clock.set(std::chrono::minutes(5));
  EXPECT_THAT(texts(ask("mail.example.com")), ElementsAre("192.0.2.9"));
}

TEST_F(ResolverTest, look_ups_of_the_same_name_share_one_question) {
  dns.hosts["mail.example.com"] = {{"192.0.2.1"}};
  std::vector<std::shared_ptr<std::optional<Answer>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(start(resolver->addresses("mail.example.com")));
  ASSERT_TRUE(
      run_until([&] { return std::ranges::all_of(answers, [](auto& a) { return a->has_value(); }); }));
  for (const auto& answer : answers) EXPECT_THAT(texts(**answer), ElementsAre("192.0.2.1"));
  EXPECT_EQ(dns.queries, 2) << "A and AAAA";
}

TEST_F(ResolverTest, many_questions_at_once) {
  std::vector<std::shared_ptr<std::optional<Answer>>> answers;
  for (int i = 0; i < 50; ++i) {
    const auto name = "h" + std::to_string(i) + ".example.com";
    dns.hosts[name] = {{"192.0.2." + std::to_string(i)}};
    answers.push_back(start(resolver->addresses(name)));
  }
  ASSERT_TRUE(
      run_until([&] { return std::ranges::all_of(answers, [](auto& a) { return a->has_value(); }); }));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_THAT(texts(**answers[i]), ElementsAre("192.0.2." + std::to_string(i)));
  }
}

TEST_F(ResolverTest, stop_ends_what_is_pending) {
  dns.hosts["silent.example.com"] = {{}, 0, true};
  auto answer = start(resolver->addresses("silent.example.com"));
  resolver->stop();
  advance(milliseconds(0));
  ASSERT_TRUE(*answer);
  EXPECT_EQ((*answer)->error().code, Errc::unavailable);
  EXPECT_EQ(ask("mail.example.com").error().code, Errc::closed);
}

TEST_F(ResolverTest, a_resolver_may_go_while_it_is_asked) {
  dns.hosts["silent.example.com"] = {{}, 0, true};
  auto answer = start(resolver->addresses("silent.example.com"));
  resolver.reset();
  advance(milliseconds(0));
  EXPECT_TRUE(*answer);
}

TEST(Resolver, the_loop_runs_out_of_work_after_stop) {
  expect_the_loop_to_end<CaresHostResolver>(
      [](CaresHostResolver& asked, const char* name) { return asked.addresses(name); });
}

TEST(Resolver, servers_that_are_none_are_named) {
  expect_servers_to_be_addresses<CaresHostResolver>();
}

}  // namespace
}  // namespace postern::net
