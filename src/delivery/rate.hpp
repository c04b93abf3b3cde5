// Recipients a second towards the upstream: a token bucket that allows a burst of one second, and in `auto`
// learns its rate from SES's 454 (0.97 of what was achieved; halving would average 75 %) and forgets it again
// when none comes. Facts: SES counts recipients, allows short bursts (facts/SES.md 1.4, USER-PAINS 1). Pure;
// loop thread.
#pragma once

#include <cstddef>
#include <deque>

#include "postern/base/clock.hpp"

namespace postern::delivery {

class Rate {
 public:
  // 0: auto
  void configure(double recipients_per_second);

  // When the next transaction of n recipients may begin; it is booked. now or earlier: at once.
  base::SteadyTime book(std::size_t recipients, base::SteadyTime now);
  void accepted(std::size_t recipients, base::SteadyTime now);
  void throttled(base::SteadyTime now);    // a 454 "Maximum sending rate exceeded"
  double limit() const { return limit_; }  // recipients a second; 0: none

 private:
  void forget_old(base::SteadyTime now);

  struct Sample {
    base::SteadyTime when;
    std::size_t recipients;
  };
  double configured_ = 0;
  double limit_ = 0;
  base::SteadyTime next_{};  // when what was booked is worked off
  base::SteadyTime last_throttle_{};
  base::SteadyTime last_raise_{};
  std::deque<Sample> recent_;  // accepted in the last 5 s
  std::size_t recent_sum_ = 0;
};

}  // namespace postern::delivery
