#include "delivery/rate.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace postern::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct RateTest : testing::Test {
  support::ManualClock clock;
  Rate rate;
  base::Duration wait(std::size_t recipients = 1) {
    return std::chrono::duration_cast<base::Duration>(rate.book(recipients, clock.steady_now()) -
                                                      clock.steady_now());
  }
};

TEST_F(RateTest, auto_without_a_lesson_never_waits) {
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(wait(), milliseconds(0));
}

TEST_F(RateTest, a_fixed_rate_allows_a_burst_of_a_second_and_then_spaces_out) {
  rate.configure(10);
  for (int i = 0; i < 11; ++i) EXPECT_EQ(wait(), milliseconds(0)) << i;
  EXPECT_EQ(wait(), milliseconds(100));
  EXPECT_EQ(wait(), milliseconds(200));
}

TEST_F(RateTest, recipients_count_not_messages) {
  rate.configure(10);
  wait(50);
  EXPECT_EQ(wait(), seconds(4));
}

TEST_F(RateTest, a_throttling_lowers_it_to_just_below_what_was_achieved) {
  for (int i = 0; i < 50; ++i) {
    rate.accepted(10, clock.steady_now());
    clock.set(milliseconds(100));
  }
  rate.throttled(clock.steady_now());
  EXPECT_NEAR(rate.limit(), 97, 3);
}

TEST_F(RateTest, the_454s_of_one_burst_are_one_lesson) {
  for (int i = 0; i < 50; ++i) {
    rate.accepted(10, clock.steady_now());
    clock.set(milliseconds(100));
  }
  rate.throttled(clock.steady_now());
  const double once = rate.limit();
  for (int i = 0; i < 8; ++i) rate.throttled(clock.steady_now());
  EXPECT_EQ(rate.limit(), once);
}

TEST_F(RateTest, it_creeps_up_again_and_forgets_the_limit_after_ten_quiet_minutes) {
  rate.throttled(clock.steady_now());
  const double low = rate.limit();
  clock.set(seconds(30));
  wait();
  EXPECT_GT(rate.limit(), low);
  clock.set(std::chrono::minutes(11));
  wait();
  EXPECT_EQ(rate.limit(), 0);
}

TEST_F(RateTest, a_configured_rate_is_not_unlearned_by_a_454) {
  rate.configure(14);
  rate.throttled(clock.steady_now());
  EXPECT_EQ(rate.limit(), 14);
}

}  // namespace
}  // namespace postern::delivery
