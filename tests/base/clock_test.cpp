#include "postern/base/clock.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace postern::base {
namespace {

TEST(Clock, writes_times_as_logs_and_headers_want_them) {
  const WallTime when = from_rfc3339("2026-11-04T09:05:03.042Z").value();
  EXPECT_EQ(to_rfc3339(when), "2026-11-04T09:05:03.042Z");
  EXPECT_EQ(to_rfc5322(when), "Wed, 4 Nov 2026 09:05:03 +0000");
}

TEST(Clock, reads_a_date_alone_and_refuses_what_is_no_time) {
  EXPECT_EQ(to_rfc3339(from_rfc3339("2026-09-20").value()), "2026-09-20T00:00:00.000Z");
  EXPECT_TRUE(from_rfc3339("yesterday").has_error());
  EXPECT_TRUE(from_rfc3339("2026-13-01").has_error());
}

TEST(ManualClock, fires_timers_at_their_exact_moment_and_in_order) {
  boost::asio::io_context loop;
  support::ManualClock clock;
  const auto start = clock.steady_now();
  std::vector<long> woke;
  auto sleeper = [](support::ManualClock& c, SteadyTime from, long seconds,
                    std::vector<long>& out) -> Task<void> {
    co_await sleep_for(c, std::chrono::seconds(seconds));
    out.push_back(std::chrono::duration_cast<std::chrono::seconds>(c.steady_now() - from).count());
  };
  for (const long s : {30L, 10L, 20L}) {
    boost::asio::co_spawn(loop, sleeper(clock, start, s, woke), [](std::exception_ptr) {});
  }
  support::advance(loop, clock, std::chrono::seconds(25));
  EXPECT_EQ(woke, (std::vector<long>{10, 20}));
  support::advance(loop, clock, std::chrono::seconds(25));
  EXPECT_EQ(woke, (std::vector<long>{10, 20, 30}));
}

}  // namespace
}  // namespace postern::base
