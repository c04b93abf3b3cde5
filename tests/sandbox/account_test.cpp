#include "sandbox/account.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string answer(Account& account, std::size_t recipients = 1) {
  const auto refusal = account.take(recipients);
  return refusal ? refusal->to_string() : "";
}

constexpr auto too_fast = "454 Throttling failure: Maximum sending rate exceeded";
constexpr auto too_many = "454 Throttling failure: Daily message quota exceeded";

}  // namespace

TEST(Account, without_limits_takes_all) {
  support::ManualClock clock;
  Account account(clock, 0, 0);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(answer(account, 50), "");
}

TEST(Account, one_second_of_the_rate_passes_at_once) {
  support::ManualClock clock;
  Account account(clock, 3, 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answer(account), "");
  EXPECT_EQ(answer(account), too_fast);
  clock.set(milliseconds(400));
  EXPECT_EQ(answer(account), "");
  EXPECT_EQ(answer(account), too_fast);
}

TEST(Account, recipients_count_and_the_sustained_rate_holds) {
  support::ManualClock clock;
  Account account(clock, 10, 0);
  EXPECT_EQ(answer(account, 50), "") << "a burst";
  EXPECT_EQ(answer(account), too_fast);
  clock.set(seconds(4));
  EXPECT_EQ(answer(account), too_fast) << "the burst is not paid off yet";
  clock.set(milliseconds(200));
  EXPECT_EQ(answer(account), "");
  clock.set(hours(1));
  EXPECT_EQ(answer(account, 10), "");
  EXPECT_EQ(answer(account), too_fast) << "an hour of silence saves nothing up";
}

TEST(Account, rate_below_one_lets_the_first_pass) {
  support::ManualClock clock;
  Account account(clock, 0.5, 0);
  EXPECT_EQ(answer(account), "");
  clock.set(seconds(1));
  EXPECT_EQ(answer(account), too_fast);
  clock.set(seconds(1));
  EXPECT_EQ(answer(account), "");
}

TEST(Account, what_was_sent_is_told_and_forgotten_after_24_hours) {
  support::ManualClock clock;
  Account account(clock, 0, 0);
  EXPECT_EQ(account.max_24_hour_send(), -1);
  EXPECT_EQ(account.max_send_rate(), -1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(answer(account, 2), "");
    clock.set(milliseconds(400));
  }
  EXPECT_EQ(account.sent_last_24_hours(), 6U);
  clock.set(hours(23));
  EXPECT_EQ(account.sent_last_24_hours(), 6U);
  clock.set(hours(1));
  EXPECT_EQ(account.sent_last_24_hours(), 0U);
}

TEST(Account, simulated_recipients_keep_to_the_rate_but_not_to_the_quota) {
  support::ManualClock clock;
  Account account(clock, 2, 3);
  EXPECT_EQ(account.max_24_hour_send(), 3);
  EXPECT_EQ(account.max_send_rate(), 2);
  EXPECT_FALSE(account.take(2, 2));
  EXPECT_EQ(answer(account), too_fast);
  clock.set(seconds(2));
  EXPECT_EQ(answer(account, 3), "");
  EXPECT_EQ(account.sent_last_24_hours(), 3U);
  clock.set(seconds(10));
  EXPECT_EQ(answer(account), too_many);
  EXPECT_FALSE(account.take(1, 1));
}

TEST(Account, quota_rolls_over_24_hours) {
  support::ManualClock clock;
  Account account(clock, 0, 100);
  EXPECT_EQ(answer(account, 60), "");
  clock.set(hours(12));
  EXPECT_EQ(answer(account, 41), too_many);
  EXPECT_EQ(answer(account, 40), "") << "a refusal takes nothing";
  EXPECT_EQ(answer(account), too_many);
  clock.set(hours(12));
  EXPECT_EQ(answer(account, 60), "");
  EXPECT_EQ(answer(account), too_many);
}

}  // namespace postern::sandbox
