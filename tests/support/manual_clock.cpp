#include "support/manual_clock.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postern::support {

namespace asio = boost::asio;

class ManualTimer final : public base::Timer {
 public:
  ManualTimer(ManualClock& clock, const base::Executor& executor)
      : clock_(clock), signal_(executor, base::SteadyTime::max()) {
    at_ = clock_.timers_.insert(clock_.timers_.end(), this);
  }
  ~ManualTimer() override { clock_.timers_.erase(at_); }
  ManualTimer(const ManualTimer&) = delete;
  ManualTimer& operator=(const ManualTimer&) = delete;

  void expires_at(base::SteadyTime when) override {
    when_ = when;
    fired_ = false;
    signal_.cancel();
  }
  void cancel() override { signal_.cancel(); }
  base::Task<bool> wait() override {
    if (when_ <= clock_.steady_) co_return true;
    waiting_ = true;
    fired_ = false;
    co_await signal_.async_wait(asio::as_tuple(asio::use_awaitable));
    waiting_ = false;
    co_return fired_;
  }
  bool waits() const { return waiting_; }
  base::SteadyTime when() const { return when_; }
  void fire() {
    fired_ = true;
    waiting_ = false;
    signal_.cancel();
  }

 private:
  ManualClock& clock_;
  asio::steady_timer signal_;  // never expires: cancelling it is the signal
  base::SteadyTime when_ = base::SteadyTime::max();
  bool waiting_ = false;
  bool fired_ = false;
  std::list<ManualTimer*>::iterator at_;
};

ManualClock::ManualClock()
    : wall_(base::from_rfc3339("2026-11-24T10:00:00Z").value()),
      steady_(base::SteadyTime() + std::chrono::hours(1000)) {}

std::unique_ptr<base::Timer> ManualClock::make_timer(base::Executor executor) {
  return std::make_unique<ManualTimer>(*this, executor);
}

void ManualClock::set(base::Duration elapsed) {
  wall_ += elapsed;
  steady_ += elapsed;
}

base::SteadyTime ManualClock::next() const {
  base::SteadyTime soonest = base::SteadyTime::max();
  for (const auto* timer : timers_) {
    if (timer->waits()) soonest = std::min(soonest, timer->when());
  }
  return soonest;
}

void ManualClock::move_to(base::SteadyTime when) {
  set(std::chrono::duration_cast<base::Duration>(when - steady_));
  for (auto* timer : timers_) {
    if (timer->waits() && timer->when() <= steady_) timer->fire();
  }
}

}  // namespace postern::support
