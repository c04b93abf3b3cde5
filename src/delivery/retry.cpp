#include "postern/delivery/retry.hpp"

#include <algorithm>

namespace postern::delivery {

namespace {

constexpr double spread = 0.2;

// The wait after the n-th failed attempt; the last of the schedule repeats.
base::Duration wait_after(const RetryPolicy& policy, int attempts) {
  if (policy.schedule.empty()) return base::Duration::zero();
  const auto last = policy.schedule.size() - 1;
  const auto index = static_cast<std::size_t>(std::max(attempts - 1, 0));
  return policy.schedule[std::min(index, last)];
}

base::Duration spread_by(base::Duration wait, double jitter) {
  return wait + std::chrono::duration_cast<base::Duration>(wait * (spread * std::clamp(jitter, 0.0, 1.0)));
}

}  // namespace

std::optional<base::WallTime> next_attempt(const RetryPolicy& policy, base::WallTime arrived,
                                           base::WallTime now, int attempts, double jitter) {
  const auto end = arrived + policy.lifetime;
  if (now >= end) return std::nullopt;
  return std::min(now + spread_by(wait_after(policy, attempts), jitter), end);
}

}  // namespace postern::delivery
