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

TEST(Clock, reads_fractions_and_zones) {
  const auto read = [](std::string_view text) { return to_rfc3339(from_rfc3339(text).value()); };
  EXPECT_EQ(read("2026-11-24T10:15:30.5Z"), "2026-11-24T10:15:30.500Z");
  EXPECT_EQ(read("2026-11-24T10:15:30.123456789Z"), "2026-11-24T10:15:30.123Z");
  EXPECT_EQ(read("2026-11-24t10:15:30z"), "2026-11-24T10:15:30.000Z");
  EXPECT_EQ(read("2026-11-24 10:15:30"), "2026-11-24T10:15:30.000Z");
  EXPECT_EQ(read("2026-11-24T01:15:30+09:00"), "2026-11-23T16:15:30.000Z");
  EXPECT_EQ(read("2026-11-24T10:15:30.25-01:30"), "2026-11-24T11:45:30.250Z");
}

TEST(Clock, refuses_times_with_something_wrong_in_them) {
  for (const char* bad :
       {"2026-11-24X10:15:30Z", "2026-11-24T10-15-30Z", "2026-11-24T10:15:30Zx", "2026-11-24T10:15Z",
        "2026-11-24T10:15:30.Z", "2026-11-24T10:15:30+9", "2026-11-24T10:15:30+09:99", "2026-11-24T",
        "2026-02-30T00:00:00Z", "2026-11-24T24:00:00Z", ""}) {
    EXPECT_TRUE(from_rfc3339(bad).has_error()) << bad;
  }
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
