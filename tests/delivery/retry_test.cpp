#include "postern/delivery/retry.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const auto arrived = base::from_rfc3339("2026-11-24T10:00:00Z").value();

base::Duration wait(int attempts, double jitter = 0, const RetryPolicy& policy = {}) {
  return next_attempt(policy, arrived, arrived, attempts, jitter).value() - arrived;
}

TEST(Retry, the_default_schedule_is_that_of_aws_and_its_last_step_repeats) {
  EXPECT_EQ(wait(1), seconds(5));
  EXPECT_EQ(wait(2), seconds(10));
  EXPECT_EQ(wait(3), seconds(30));
  EXPECT_EQ(wait(4), minutes(2));
  EXPECT_EQ(wait(5), minutes(10));
  EXPECT_EQ(wait(6), minutes(20));
  EXPECT_EQ(wait(7), minutes(20));
  EXPECT_EQ(wait(1000000), minutes(20));
}

TEST(Retry, without_a_counted_attempt_the_first_step_holds) {
  EXPECT_EQ(wait(0), seconds(5));
  EXPECT_EQ(wait(-1), seconds(5));
}

TEST(Retry, jitter_spreads_by_up_to_a_fifth) {
  EXPECT_EQ(wait(1, 0.5), milliseconds(5500));
  EXPECT_EQ(wait(6, 0.5), minutes(22));
  EXPECT_EQ(wait(6, 1.0), minutes(24));
  EXPECT_LT(wait(1, 0.999), seconds(6));
}

TEST(Retry, jitter_out_of_range_does_no_harm) {
  EXPECT_EQ(wait(1, -3), seconds(5));
  EXPECT_EQ(wait(1, 7), seconds(6));
}

TEST(Retry, a_wait_beyond_the_lifetime_ends_at_it_for_one_last_try) {
  const RetryPolicy policy{{minutes(20)}, hours(1)};
  EXPECT_EQ(next_attempt(policy, arrived, arrived + minutes(41), 3, 0.9), arrived + hours(1));
  EXPECT_EQ(next_attempt(policy, arrived, arrived + minutes(40), 3, 0), arrived + hours(1));
  EXPECT_EQ(next_attempt(policy, arrived, arrived + minutes(39), 3, 0), arrived + minutes(59));
}

TEST(Retry, the_last_try_failed_means_give_up) {
  const RetryPolicy policy{{minutes(20)}, hours(1)};
  EXPECT_TRUE(next_attempt(policy, arrived, arrived + hours(1) - milliseconds(1), 3, 0));
  EXPECT_EQ(next_attempt(policy, arrived, arrived + hours(1), 4, 0), std::nullopt);
  EXPECT_EQ(next_attempt(policy, arrived, arrived + hours(2), 4, 0), std::nullopt);
}

TEST(Retry, the_default_lifetime_is_four_days) {
  EXPECT_TRUE(next_attempt({}, arrived, arrived + hours(95), 300, 0));
  EXPECT_FALSE(next_attempt({}, arrived, arrived + hours(96), 300, 0));
}

TEST(Retry, no_lifetime_means_one_attempt) {
  EXPECT_FALSE(next_attempt({{seconds(5)}, base::Duration::zero()}, arrived, arrived, 1, 0));
}

TEST(Retry, a_clock_that_went_back_still_gives_a_time_within_the_lifetime) {
  const RetryPolicy policy{{minutes(20)}, hours(1)};
  EXPECT_EQ(next_attempt(policy, arrived, arrived - hours(5), 1, 0), arrived - hours(5) + minutes(20));
}

TEST(Retry, an_empty_schedule_tries_at_once_until_the_lifetime) {
  EXPECT_EQ(wait(3, 0.5, {{}, hours(1)}), base::Duration::zero());
}

}  // namespace
}  // namespace postern::delivery
