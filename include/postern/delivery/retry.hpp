// When to try again, or to give up. Pure.
#pragma once

#include <optional>
#include <vector>

#include "postern/base/clock.hpp"

namespace postern::delivery {

struct RetryPolicy {
  std::vector<base::Duration> schedule{std::chrono::seconds(5),  std::chrono::seconds(10),
                                       std::chrono::seconds(30), std::chrono::minutes(2),
                                       std::chrono::minutes(10), std::chrono::minutes(20)};
  base::Duration lifetime{std::chrono::hours(96)};
};

// attempts: those made, the failed one included. nullopt: give up. jitter in [0,1) spreads the wait by up to
// 20 %. A wait that would end after the lifetime ends at it, so that there is one last try.
std::optional<base::WallTime> next_attempt(const RetryPolicy& policy, base::WallTime arrived,
                                           base::WallTime now, int attempts, double jitter);

}  // namespace postern::delivery
