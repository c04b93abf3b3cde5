#include "postern/base/slice.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace postern::base {
namespace {

using std::chrono::milliseconds;

struct SliceTest : testing::Test {
  std::shared_ptr<support::ManualClock> clock = std::make_shared<support::ManualClock>();
  Slice slice{{.first = 200, .fewest = 50, .most = 1000}, clock};

  void takes(milliseconds time) {
    slice.begin();
    clock->move_to(clock->steady_now() + time);
    slice.end();
  }
};

TEST_F(SliceTest, one_that_took_too_long_is_followed_by_one_of_half_the_size) {
  takes(milliseconds(11));
  EXPECT_EQ(slice.size(), 100u);
}

TEST_F(SliceTest, one_that_took_less_than_half_is_followed_by_a_larger_one) {
  takes(milliseconds(4));
  EXPECT_EQ(slice.size(), 250u);
}

TEST_F(SliceTest, stays_where_it_is_between) {
  takes(milliseconds(5));
  takes(milliseconds(10));
  EXPECT_EQ(slice.size(), 200u);
}

TEST_F(SliceTest, goes_no_further_than_its_bounds) {
  for (int i = 0; i < 20; ++i) takes(milliseconds(100));
  EXPECT_EQ(slice.size(), 50u);
  for (int i = 0; i < 40; ++i) takes(milliseconds(0));
  EXPECT_EQ(slice.size(), 1000u);
}

}  // namespace
}  // namespace postern::base
