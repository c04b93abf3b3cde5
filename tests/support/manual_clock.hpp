// A clock that stands still until the test moves it. Timers fire in the order of their time, each at its
// exact moment: a timeout test asserts virtual seconds and runs in microseconds. One thread.
#pragma once

#include <list>
#include <memory>

#include "postern/base/clock.hpp"

namespace postern::support {

class ManualClock final : public base::Clock {
 public:
  // 2026-11-24T10:00:00Z
  ManualClock();

  base::WallTime wall_now() const override { return wall_; }
  base::SteadyTime steady_now() const override { return steady_; }
  std::unique_ptr<base::Timer> make_timer(base::Executor executor) override;

  // Moves time without firing anything; use support::advance() to run what waits.
  void set(base::Duration elapsed);
  // The next moment that a timer waits for; SteadyTime::max() when none does.
  base::SteadyTime next() const;
  void move_to(base::SteadyTime when);  // fires what is due

 private:
  friend class ManualTimer;
  base::WallTime wall_;
  base::SteadyTime steady_;
  std::list<class ManualTimer*> timers_;
};

}  // namespace postern::support
