// How much work makes a slice of a thread that others wait for: found by measuring, since a disk that has to
// be read or synced takes a hundred times longer than a page in memory. One thread at a time. It does not cut
// work: its owner asks size() before each slice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "postern/base/clock.hpp"

namespace postern::base {

struct SliceBounds {
  std::size_t first, fewest, most;
};

class Slice {
 public:
  explicit Slice(SliceBounds bounds, std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>())
      : clock_(std::move(clock)), bounds_(bounds), size_(bounds.first) {}

  std::size_t size() const { return size_; }

  // Around one slice. Others wait for the thread no longer than 20 ms: aims at half of that.
  void begin() { began_ = clock_->steady_now(); }
  void end() {
    const auto took = clock_->steady_now() - began_;
    if (took > longest) size_ = std::max(bounds_.fewest, size_ / 2);
    if (took < longest / 2) size_ = std::min(bounds_.most, size_ + size_ / 4);
  }

 private:
  static constexpr auto longest = std::chrono::milliseconds(10);

  std::shared_ptr<const Clock> clock_;
  SliceBounds bounds_;
  SteadyTime began_{};
  std::size_t size_;
};

}  // namespace postern::base
