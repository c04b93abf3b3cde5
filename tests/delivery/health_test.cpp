#include "delivery/health.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace postern::delivery {
namespace {

struct HealthTest : testing::Test {
  support::ManualClock clock;
  Health health{8};
  void fail(std::string_view reason = "unreachable") {
    health.failed(reason, "text", clock.steady_now(), clock.wall_now());
  }
  std::size_t allowed() const { return health.allowed(clock.steady_now()); }
};

TEST_F(HealthTest, a_healthy_upstream_gets_all_connections) {
  EXPECT_EQ(allowed(), 8u);
}

TEST_F(HealthTest, after_a_failure_it_rests_then_one_probes_then_all_go) {
  fail();
  EXPECT_EQ(allowed(), 0u);
  clock.set(std::chrono::seconds(1));
  EXPECT_EQ(allowed(), 1u);
  health.succeeded();
  EXPECT_EQ(allowed(), 8u);
}

TEST_F(HealthTest, pauses_grow_and_never_reach_thirty_seconds) {
  for (int i = 0; i < 12; ++i) {
    fail();
    const auto pause = health.paused_until() - clock.steady_now();
    EXPECT_LT(pause, std::chrono::seconds(30));
    clock.set(std::chrono::duration_cast<base::Duration>(pause));
  }
  fail();
  EXPECT_EQ(health.paused_until() - clock.steady_now(), Health::longest_pause);
}

TEST_F(HealthTest, what_was_under_way_when_the_pause_began_does_not_lengthen_it) {
  fail();
  const auto until = health.paused_until();
  for (int i = 0; i < 7; ++i) fail();
  EXPECT_EQ(health.paused_until(), until);
}

TEST_F(HealthTest, the_daily_quota_rests_a_minute) {
  fail("quota");
  EXPECT_EQ(health.paused_until() - clock.steady_now(), Health::quota_pause);
}

TEST_F(HealthTest, too_many_connections_halves_them_and_each_success_gives_one_back) {
  health.too_many_connections();
  EXPECT_EQ(allowed(), 4u);
  health.too_many_connections();
  health.too_many_connections();
  health.too_many_connections();
  EXPECT_EQ(allowed(), 1u);
  health.succeeded();
  EXPECT_EQ(allowed(), 2u);
}

TEST_F(HealthTest, an_operator_can_end_the_pause) {
  fail();
  health.try_now();
  EXPECT_EQ(allowed(), 1u);
}

}  // namespace
}  // namespace postern::delivery
