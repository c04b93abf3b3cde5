// Answers that are kept, questions that are shared, and how what is pending ends.
#include "dns_fixture.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(DnsTest, the_second_question_is_answered_from_the_cache) {
  text("example.com", "kept", 100);
  const auto first = ask("example.com");
  text("example.com", "new");
  clock.set(seconds(99));
  EXPECT_EQ(*ask("Example.COM."), *first) << "the very same answer";
  EXPECT_EQ(dns.queries, 1);
  clock.set(seconds(1));
  EXPECT_THAT(texts(ask("example.com")), ElementsAre("new"));
}

TEST_F(DnsTest, a_cached_answer_comes_without_a_turn_of_the_loop) {
  text("example.com", "kept");
  ASSERT_TRUE(ask("example.com"));
  const auto ten = [](CaresResolver& asked) -> base::Task<int> {
    int found = 0;
    for (int i = 0; i < 10; ++i) {
      auto answer = co_await asked.query("example.com", DnsType::txt);
      found += answer ? 1 : 0;
    }
    co_return found;
  };
  int found = 0;
  boost::asio::co_spawn(loop, ten(*resolver), [&found](std::exception_ptr, int n) { found = n; });
  loop.restart();
  std::size_t turns = 0;
  while (found == 0 && turns < 10) turns += loop.poll_one();
  EXPECT_EQ(found, 10);
  EXPECT_LE(turns, 2U) << "to start the coroutine and to report its end";
}

TEST_F(DnsTest, types_are_kept_apart) {
  text("example.com", "kept");
  ASSERT_TRUE(ask("example.com"));
  dns.scripts.clear();
  dns.hosts["example.com"] = {{"192.0.2.1"}};
  const auto address = ask("example.com", DnsType::a);
  ASSERT_TRUE(address);
  EXPECT_EQ((*address)->addresses.size(), 1U);
  EXPECT_THAT(texts(ask("example.com")), ElementsAre("kept"));
}

TEST_F(DnsTest, absence_is_cached) {
  ask("none.example.com");
  text("none.example.com", "now");
  clock.set(seconds(59));
  EXPECT_THAT(texts(ask("none.example.com")), IsEmpty());
  clock.set(seconds(1));
  EXPECT_THAT(texts(ask("none.example.com")), ElementsAre("now"));
}

TEST_F(DnsTest, an_outage_is_not_asked_for_every_mail) {
  dns.hosts["broken.example.com"] = {{}, 2};
  EXPECT_EQ(error("broken.example.com"), Errc::unavailable);
  const int asked = dns.queries;
  text("broken.example.com", "mended");
  clock.set(milliseconds(4999));
  EXPECT_EQ(error("broken.example.com"), Errc::unavailable);
  EXPECT_EQ(dns.queries, asked);
  clock.set(milliseconds(1));
  EXPECT_THAT(texts(ask("broken.example.com")), ElementsAre("mended"));
}

TEST_F(DnsTest, all_who_ask_the_same_share_one_question) {
  text("example.com", "shared", 300);
  std::vector<std::shared_ptr<std::optional<Answer>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(start(resolver->query("example.com", DnsType::txt)));
  ASSERT_TRUE(
      run_until([&] { return std::ranges::all_of(answers, [](auto& a) { return a->has_value(); }); }));
  for (const auto& answer : answers) EXPECT_THAT(texts(**answer), ElementsAre("shared"));
  EXPECT_EQ(dns.queries, 1);
}

TEST_F(DnsTest, one_who_gives_up_leaves_the_others_their_answer) {
  bool gave_up = false;
  silence("slow.example.com");
  const auto impatient = [](CaresResolver& asked, bool& ended) -> base::Task<void> {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto answer = co_await asked.query("slow.example.com", DnsType::txt);
    ended = !answer && answer.error().code == Errc::cancelled;
  };
  resolver = make(real_clock, {{}, milliseconds(200), 2});
  tasks.spawn("impatient", impatient(*resolver, gave_up));
  auto other = start(resolver->query("slow.example.com", DnsType::txt));
  ASSERT_TRUE(run_until([&] { return dns.queries == 1; }));
  text("slow.example.com", "at last");
  cancel_tasks();
  EXPECT_TRUE(gave_up);
  EXPECT_FALSE(*other);
  ASSERT_TRUE(run_until([&] { return other->has_value(); }));
  EXPECT_THAT(texts(**other), ElementsAre("at last"));
}

TEST_F(DnsTest, stop_cancels_what_is_pending) {
  silence("silent.example.com");
  auto answer = start(resolver->query("silent.example.com", DnsType::txt));
  auto same = start(resolver->query("silent.example.com", DnsType::txt));
  resolver->stop();
  advance(milliseconds(0));
  ASSERT_TRUE(*answer && *same);
  EXPECT_EQ((*answer)->error().code, Errc::cancelled);
  EXPECT_EQ((*same)->error().code, Errc::cancelled);
  EXPECT_EQ(error("example.com"), Errc::closed);
}

TEST_F(DnsTest, a_resolver_may_go_while_it_is_asked) {
  silence("silent.example.com");
  auto answer = start(resolver->query("silent.example.com", DnsType::txt));
  resolver.reset();
  advance(milliseconds(0));
  EXPECT_TRUE(*answer);
}

TEST_F(DnsTest, a_thousand_questions_at_once) {
  std::vector<std::shared_ptr<std::optional<Answer>>> answers;
  for (int i = 0; i < 1000; ++i) {
    const auto name = "n" + std::to_string(i) + ".example.com";
    text(name, std::to_string(i));
    answers.push_back(start(resolver->query(name, DnsType::txt)));
  }
  ASSERT_TRUE(
      run_until([&] { return std::ranges::all_of(answers, [](auto& a) { return a->has_value(); }); }));
  for (std::size_t i = 0; i < answers.size(); ++i)
    EXPECT_THAT(texts(**answers[i]), ElementsAre(std::to_string(i)));
}

TEST(Dns, the_loop_runs_out_of_work_after_stop) {
  expect_the_loop_to_end<CaresResolver>(
      [](CaresResolver& asked, const char* name) { return asked.query(name, DnsType::txt); });
}

}  // namespace
}  // namespace postern::net
