#include <gtest/gtest.h>

#include "feedback/backoff.hpp"
#include "feedback/doubt.hpp"
#include "feedback/reasons.hpp"
#include "feedback/token_watch.hpp"

namespace postern::feedback {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(TokenWatch, finds_circles_of_any_length_and_lead_in) {
  for (int lead = 0; lead < 20; ++lead) {
    for (int circle = 1; circle < 20; ++circle) {
      TokenWatch watch;
      std::string sent;
      int asked = 0;
      for (;; ++asked) {
        const int at = asked < lead ? asked : lead + (asked - lead) % circle;
        const std::string came = "t" + std::to_string(at);
        if (watch.repeats(sent, came)) break;
        sent = came;
        ASSERT_LT(asked, 4 * (lead + circle) + 4) << lead << " " << circle;
      }
      EXPECT_GE(asked, lead + circle) << lead << " " << circle;
    }
  }
}

TEST(TokenWatch, lets_tokens_pass_that_are_all_different) {
  TokenWatch watch;
  for (int i = 1; i < 20'000; ++i) ASSERT_FALSE(watch.repeats(std::to_string(i - 1), std::to_string(i)));
  EXPECT_FALSE(watch.repeats("19999", ""));
}

TEST(Backoff, is_full_jitter_under_a_bound_that_doubles_to_five_minutes) {
  base::SeededRandom random(1);
  for (int attempt = 0; attempt < 40; ++attempt) {
    const base::Duration bound =
        std::min<base::Duration>(minutes(5), seconds(2) * (1 << std::min(attempt, 10)));
    base::Duration least = bound, most{0};
    for (int i = 0; i < 300; ++i) {
      const auto wait = backoff(attempt, random);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    EXPECT_LE(most, bound) << attempt;
    EXPECT_GT(most, bound * 9 / 10) << attempt;
    EXPECT_LT(least, bound / 10) << attempt;
    EXPECT_GE(least, base::Duration(0));
  }
}

struct Doubts : testing::Test {
  suppression::SyncState before;
  suppression::Pass pass;
  Doubts() {
    before.scope = pass.scope = "here";
    before.entries = 1000;
    pass.pages = 1;
    pass.entries = 1000;
  }
};

TEST_F(Doubts, a_list_that_lost_more_than_a_fifth_is_not_believed) {
  EXPECT_FALSE(doubt_of(before, pass));
  pass.entries = 800;
  EXPECT_FALSE(doubt_of(before, pass));
  pass.entries = 799;
  EXPECT_TRUE(doubt_of(before, pass));
  pass.entries = 2000;
  EXPECT_FALSE(doubt_of(before, pass));
}

TEST_F(Doubts, of_a_short_list_a_few_may_go_at_once_but_not_all) {
  before.entries = 20;
  pass.entries = 10;
  EXPECT_FALSE(doubt_of(before, pass));
  pass.entries = 9;
  EXPECT_TRUE(doubt_of(before, pass));
  before.entries = 1;
  pass.entries = 0;
  EXPECT_TRUE(doubt_of(before, pass));
  before.entries = 0;
  EXPECT_FALSE(doubt_of(before, pass));
}

TEST_F(Doubts, another_list_may_be_shorter_but_not_empty) {
  pass.scope = "there";
  pass.entries = 3;
  EXPECT_FALSE(doubt_of(before, pass));
  pass.entries = 0;
  EXPECT_TRUE(doubt_of(before, pass));
}

TEST_F(Doubts, a_page_without_addresses_in_the_middle_is_doubtful) {
  pass.empty = 1;
  EXPECT_TRUE(doubt_of(before, pass));
}

TEST(Differences, name_what_follows_for_the_mail) {
  EXPECT_TRUE(differences({"bounce", "COMPLAINT", "MANUAL"}, {"COMPLAINT", "BOUNCE"}, "the account").empty());
  const auto theirs = differences({"BOUNCE"}, {"BOUNCE", "COMPLAINT"}, "the account");
  ASSERT_EQ(theirs.size(), 1u);
  EXPECT_NE(theirs[0].find("postern sends such mail and SES drops it"), std::string::npos);
  const auto ours = differences({"BOUNCE"}, {}, "the account");
  ASSERT_EQ(ours.size(), 1u);
  EXPECT_NE(ours[0].find("postern drops mail that SES would send"), std::string::npos);
}

TEST(Scope, does_not_depend_on_the_order_of_reasons_and_no_reason_is_all) {
  SuppressionSyncSettings a, b;
  a.region = b.region = "r";
  a.reasons = {"COMPLAINT", "bounce"};
  EXPECT_EQ(scope_of(a), scope_of(b));
  b.reasons = {"BOUNCE"};
  EXPECT_NE(scope_of(a), scope_of(b));
  EXPECT_EQ(asked_reasons(a), (std::vector<std::string>{"BOUNCE", "COMPLAINT"}));
}

}  // namespace
}  // namespace postern::feedback
