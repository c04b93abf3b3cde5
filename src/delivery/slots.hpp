// A bounded number of places; who finds none waits its turn. Loop thread.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "postern/base/clock.hpp"
#include "postern/base/task.hpp"

namespace postern::delivery {

class Slots {
 public:
  Slots(base::Executor executor, base::Clock& clock, std::size_t places)
      : executor_(std::move(executor)), clock_(clock), places_(places) {}

  base::Task<void> acquire() {
    while (used_ >= places_) {
      auto turn = clock_.make_timer(executor_);
      waiting_.push_back(turn.get());
      co_await turn->wait();
      std::erase(waiting_, turn.get());  // already gone when it was woken
    }
    ++used_;
    wake();  // several places may have become free before this one ran
  }
  void release() {
    --used_;
    wake();
  }
  void resize(std::size_t places) {
    places_ = places < 1 ? 1 : places;
    wake();
  }
  std::size_t places() const { return places_; }
  std::size_t used() const { return used_; }

 private:
  void wake() {
    if (used_ >= places_ || waiting_.empty()) return;
    // Off the list at once: the next place goes to the next in line.
    auto* next = waiting_.front();
    waiting_.pop_front();
    next->cancel();
  }

  base::Executor executor_;
  base::Clock& clock_;
  std::size_t places_;
  std::size_t used_ = 0;
  std::deque<base::Timer*> waiting_;
};

// A place held; given back when it goes.
class SlotHolder {
 public:
  explicit SlotHolder(Slots& slots) : slots_(&slots) {}
  SlotHolder(const SlotHolder&) = delete;
  SlotHolder& operator=(const SlotHolder&) = delete;
  ~SlotHolder() { slots_->release(); }

 private:
  Slots* slots_;
};

}  // namespace postern::delivery
