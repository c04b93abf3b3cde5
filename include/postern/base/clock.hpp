// Time comes in through here, so that tests can own it (tests/support/manual_clock.hpp).
// No other file asks the system for the time or sleeps. Used on any thread; a Timer only on its executor.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"
#include "postern/base/task.hpp"

namespace postern::base {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::milliseconds;

// A point in time to wait for, which can be moved or called off. One waiter at a time.
class Timer {
 public:
  virtual ~Timer() = default;
  virtual void expires_at(SteadyTime when) = 0;  // a running wait ends as if cancelled
  virtual Task<bool> wait() = 0;                 // true: the time came; false: cancelled or moved
  virtual void cancel() = 0;                     // also serves as a wake-up: the waiter gets false
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  virtual std::unique_ptr<Timer> make_timer(Executor executor) = 0;  // expires never, until told otherwise
};

class SystemClock final : public Clock {
 public:
  WallTime wall_now() const override;
  SteadyTime steady_now() const override;
  std::unique_ptr<Timer> make_timer(Executor executor) override;
};

// Waits on the current executor; returns early only when the coroutine is cancelled.
Task<void> sleep_until(Clock& clock, SteadyTime when);
Task<void> sleep_for(Clock& clock, Duration duration);

std::string to_rfc3339(WallTime when);  // 2026-11-24T10:15:30.123Z, for logs and JSON
std::string to_rfc5322(WallTime when);  // Tue, 24 Nov 2026 10:15:30 +0000, for Date and Received
Result<WallTime> from_rfc3339(std::string_view text);

}  // namespace postern::base
