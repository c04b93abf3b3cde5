// The object that sessions ask: what it keeps, for how long, and what it costs when the DNS is slow or down.
#include "postern/policy/alignment.hpp"

#include <boost/asio/co_spawn.hpp>

#include "policy/alignment_fixture.hpp"

namespace postern::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AlignmentCaching : public AlignmentTest {
 protected:
  // Asks without waiting; the outcome stands in the returned place once it is there.
  std::shared_ptr<AssessmentPtr> begin(const AlignmentQuestion& question) {
    auto out = std::make_shared<AssessmentPtr>();
    auto task = alignment_.assess(shared_, question);
    boost::asio::co_spawn(loop_, std::move(task),
                          [out](const std::exception_ptr&, AssessmentPtr found) { *out = std::move(found); });
    return out;
  }
  void pass_time(base::Duration duration) { support::advance(loop_, clock_, duration); }
  AssessmentPtr known(const AlignmentQuestion& question) const {
    return alignment_.known(*shared_, question);
  }

  static AlignmentQuestion question(const std::string& domain = "example.com") {
    return {domain, domain, domain};
  }
  void good_zone(const std::string& domain = "example.com") {
    zone(domain + " TXT v=spf1 include:amazonses.com -all\n_dmarc." + domain + " TXT v=DMARC1; p=reject");
  }

  std::shared_ptr<const AlignmentSettings> shared_ = std::make_shared<const AlignmentSettings>();
};

TEST_F(AlignmentCaching, answer_is_kept_and_known_without_look_ups) {
  good_zone();
  EXPECT_EQ(known(question()), nullptr);
  const auto first = begin(question());
  pass_time(seconds(0));
  ASSERT_NE(*first, nullptr);
  const auto asked = dns_.queries();
  EXPECT_EQ(known(question()), *first);
  EXPECT_EQ(known({"EXAMPLE.com.", "example.COM", "Example.com."}), *first);
  const auto second = begin(question());
  pass_time(seconds(0));
  EXPECT_EQ(*second, *first);
  EXPECT_EQ(dns_.queries(), asked);
  EXPECT_EQ(known({"example.com", "example.com", ""}), nullptr);
}

TEST_F(AlignmentCaching, answer_is_kept_until_the_first_record_expires) {
  good_zone();
  dns_.expires("_dmarc.com", clock_.steady_now() + seconds(60));
  dns_.expires("example.com", clock_.steady_now() + seconds(300));
  dns_.txt("_dmarc.com", "nothing");
  begin(question());
  pass_time(seconds(59));
  EXPECT_NE(known(question()), nullptr);
  pass_time(seconds(1));
  EXPECT_EQ(known(question()), nullptr);
}

TEST_F(AlignmentCaching, answer_is_kept_an_hour_at_most) {
  good_zone();
  begin(question());
  pass_time(seconds(3599));
  EXPECT_NE(known(question()), nullptr);
  pass_time(seconds(1));
  EXPECT_EQ(known(question()), nullptr);
}

TEST_F(AlignmentCaching, temperror_is_kept_for_five_seconds) {
  zone("example.com SERVFAIL\n_dmarc.example.com SERVFAIL");
  const auto first = begin(question());
  pass_time(milliseconds(4999));
  EXPECT_EQ((*first)->spf, SpfResult::temperror);
  EXPECT_EQ((*first)->dmarc, DmarcResult::temperror);
  EXPECT_EQ(known(question()), *first);
  pass_time(milliseconds(1));
  EXPECT_EQ(known(question()), nullptr);
}

TEST_F(AlignmentCaching, pass_with_a_look_up_that_failed_is_kept_for_five_seconds_too) {
  good_zone();
  zone("_dmarc.com SERVFAIL");
  const auto first = begin(question());
  pass_time(seconds(4));
  EXPECT_EQ((*first)->dmarc, DmarcResult::pass_dkim);
  EXPECT_NE(known(question()), nullptr);
  pass_time(seconds(1));
  EXPECT_EQ(known(question()), nullptr);
}

TEST_F(AlignmentCaching, same_question_under_way_is_asked_once) {
  good_zone();
  dns_.slow("_dmarc.example.com", clock_, seconds(1));
  const auto first = begin(question());
  const auto second = begin(question());
  pass_time(milliseconds(500));
  const auto third = begin(question());
  pass_time(milliseconds(499));
  EXPECT_EQ(*first, nullptr);
  // The tree walk asks, then the list the same name once more.
  pass_time(milliseconds(1001));
  ASSERT_NE(*first, nullptr);
  EXPECT_EQ(*second, *first);
  EXPECT_EQ(*third, *first);
  EXPECT_EQ(dns_.queries("_dmarc.example.com"), 2U);
}

TEST_F(AlignmentCaching, what_is_prepared_is_known_without_anybody_having_waited) {
  good_zone();
  alignment_.prepare(shared_, question());
  alignment_.prepare(shared_, question());
  pass_time(seconds(0));
  const auto asked = dns_.queries();
  const auto found = known(question());
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->dmarc, DmarcResult::pass_dkim);
  alignment_.prepare(shared_, question());
  alignment_.stop();
  alignment_.prepare(shared_, question("example.org"));
  pass_time(seconds(0));
  EXPECT_EQ(dns_.queries(), asked);
}

// In an outage every message asks.
TEST_F(AlignmentCaching, what_is_known_of_look_ups_that_hang_is_judged_once_a_second) {
  zone("example.com TIMEOUT\n_dmarc.example.com TIMEOUT");
  dns_.slow("example.com", clock_, seconds(20));
  begin(question());
  pass_time(seconds(3));
  const auto ask = [this] {
    const auto found = begin(question());
    pass_time(seconds(0));
    return *found;
  };
  const auto first = ask();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->spf, SpfResult::temperror);
  EXPECT_EQ(ask(), first);
  pass_time(seconds(1));
  const auto later = ask();
  ASSERT_NE(later, nullptr);
  EXPECT_NE(later, first);
  EXPECT_EQ(later->spf, SpfResult::temperror);
}

TEST_F(AlignmentCaching, budget_ends_the_wait_to_the_millisecond_and_the_look_ups_go_on) {
  good_zone();
  dns_.slow("_dmarc.example.com", clock_, seconds(4));
  const auto first = begin(question());
  pass_time(milliseconds(2999));
  EXPECT_EQ(*first, nullptr);
  pass_time(milliseconds(1));
  ASSERT_NE(*first, nullptr);
  EXPECT_EQ((*first)->dmarc, DmarcResult::temperror);
  EXPECT_EQ((*first)->dmarc_detail, "the DNS took more than 3000 ms");
  EXPECT_EQ((*first)->spf, SpfResult::pass) << "what is known by then counts";
  EXPECT_EQ(known(question()), nullptr);
  pass_time(seconds(5));
  ASSERT_NE(known(question()), nullptr);
  EXPECT_EQ(known(question())->dmarc, DmarcResult::pass_dkim);
}

TEST_F(AlignmentCaching, budget_of_the_settings_counts) {
  AlignmentSettings quick;
  quick.budget = milliseconds(250);
  shared_ = std::make_shared<const AlignmentSettings>(quick);
  dns_.slow("_dmarc.example.com", clock_, seconds(4));
  const auto first = begin(question());
  pass_time(milliseconds(249));
  EXPECT_EQ(*first, nullptr);
  pass_time(milliseconds(1));
  EXPECT_NE(*first, nullptr);
}

TEST_F(AlignmentCaching, later_messages_do_not_wait_while_look_ups_hang) {
  dns_.slow("_dmarc.example.com", clock_, seconds(20));
  begin(question());
  pass_time(seconds(3));
  const auto asked = dns_.queries();
  for (int i = 0; i < 1000; ++i) {
    const auto later = begin(question());
    pass_time(seconds(0));
    ASSERT_NE(*later, nullptr);
    EXPECT_EQ((*later)->dmarc, DmarcResult::temperror);
  }
  EXPECT_EQ(dns_.queries(), asked);
}

TEST_F(AlignmentCaching, an_outage_is_bounded_in_questions_under_way) {
  for (int i = 0; i < 600; ++i) {
    const auto domain = "d" + std::to_string(i) + ".example";
    dns_.slow("_dmarc." + domain, clock_, seconds(8));
    const auto asked = begin(question(domain));
    pass_time(seconds(0));
    EXPECT_EQ(*asked != nullptr, i >= 500) << i;
    if (*asked) {
      EXPECT_EQ((*asked)->dmarc_detail, "500 domains are being looked up already");
    }
  }
  pass_time(seconds(40));
  const auto after = begin(question("d599.example"));
  pass_time(seconds(40));
  EXPECT_NE(*after, nullptr);
}

TEST_F(AlignmentCaching, a_chain_of_slow_look_ups_is_given_up_after_half_a_minute) {
  for (const char* name : {"_dmarc.a.b.c.example.com", "_dmarc.b.c.example.com", "_dmarc.c.example.com",
                           "_dmarc.example.com", "_dmarc.com"})
    dns_.slow(name, clock_, seconds(9));
  begin(question("a.b.c.example.com"));
  pass_time(seconds(60));
  EXPECT_EQ(dns_.queries("_dmarc.example.com"), 1U);
  EXPECT_EQ(dns_.queries("_dmarc.com"), 0U);
}

TEST_F(AlignmentCaching, memory_is_bounded_and_what_was_used_last_stays) {
  for (const char* domain : {"a.example", "b.example", "c.example"}) begin(question(domain));
  pass_time(seconds(0));
  EXPECT_NE(known(question("a.example")), nullptr);
  begin(question("d.example"));
  pass_time(seconds(0));
  EXPECT_NE(known(question("a.example")), nullptr);
  EXPECT_EQ(known(question("b.example")), nullptr);
  EXPECT_NE(known(question("d.example")), nullptr);
}

TEST_F(AlignmentCaching, changed_settings_forget_what_was_assessed) {
  good_zone();
  begin(question());
  pass_time(seconds(0));
  alignment_.settings_changed();
  EXPECT_EQ(known(question()), nullptr);
}

TEST_F(AlignmentCaching, what_was_under_way_when_settings_changed_is_not_kept) {
  good_zone();
  dns_.slow("_dmarc.example.com", clock_, seconds(1));
  const auto first = begin(question());
  pass_time(milliseconds(1));
  alignment_.settings_changed();
  pass_time(seconds(2));
  EXPECT_NE(*first, nullptr);
  EXPECT_EQ(known(question()), nullptr);
}

TEST_F(AlignmentCaching, settings_of_another_snapshot_are_another_question) {
  good_zone();
  begin(question());
  pass_time(seconds(0));
  AlignmentSettings other = *shared_;
  EXPECT_NE(alignment_.known(other, question()), nullptr) << "equal settings";
  other.authorised = {"192.0.2.0/24"};
  EXPECT_EQ(alignment_.known(other, question()), nullptr);
  const auto now =
      support::run(loop_, alignment_.assess(std::make_shared<const AlignmentSettings>(other), question()));
  EXPECT_EQ(now->spf, SpfResult::fail);
}

TEST_F(AlignmentCaching, stop_answers_whoever_waits_and_asks_nothing_more) {
  good_zone();
  dns_.slow("_dmarc.example.com", clock_, seconds(1));
  const auto first = begin(question());
  pass_time(milliseconds(100));
  alignment_.stop();
  pass_time(milliseconds(0));
  ASSERT_NE(*first, nullptr);
  EXPECT_EQ((*first)->dmarc, DmarcResult::temperror);
  const auto asked = dns_.queries();
  const auto second = begin(question("example.org"));
  pass_time(seconds(10));
  ASSERT_NE(*second, nullptr);
  EXPECT_EQ((*second)->dmarc_detail, "postern is stopping");
  EXPECT_EQ(dns_.queries(), asked);
}

TEST_F(AlignmentCaching, may_be_destroyed_with_questions_under_way) {
  dns_.slow("_dmarc.example.com", clock_, seconds(1));
  auto mortal = std::make_unique<Alignment>(dns_, PublicSuffixes::builtin(), clock_, loop_.get_executor());
  AssessmentPtr found;
  auto task = mortal->assess(shared_, question());
  boost::asio::co_spawn(loop_, std::move(task),
                        [&found](const std::exception_ptr&, AssessmentPtr one) { found = std::move(one); });
  pass_time(milliseconds(10));
  mortal.reset();
  pass_time(seconds(5));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->spf, SpfResult::temperror);
}

}  // namespace
}  // namespace postern::policy
