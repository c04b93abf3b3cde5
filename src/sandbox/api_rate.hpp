// How many requests a second the account may make, all clients together. Loop thread.
#pragma once

#include <algorithm>

#include "postern/base/clock.hpp"

namespace postern::sandbox {

class ApiRate {
 public:
  // rate 0: no limit.
  ApiRate(base::Clock& clock, double rate)
      : clock_(&clock), rate_(rate), allowance_(burst()), filled_(clock.steady_now()) {}

  bool take() {
    const auto now = clock_->steady_now();
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    filled_ = now;
    allowance_ = std::min(burst(), allowance_ + seconds * rate_);
    if (rate_ > 0 && allowance_ < 1 - tolerance) return false;
    allowance_ -= 1;
    return true;
  }

 private:
  // A client that keeps to the rate exactly is not refused because one packet took longer than the next.
  static constexpr double tolerance = 0.1;
  double burst() const { return std::max(rate_, 1.0); }

  base::Clock* clock_;
  double rate_;
  double allowance_;
  base::SteadyTime filled_;
};

}  // namespace postern::sandbox
