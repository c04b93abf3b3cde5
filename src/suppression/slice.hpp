// How many rows make a slice of the books writer's time: found by measuring, since a disk that has to be read
// takes a hundred times longer than a page in memory. Books writer only.
#pragma once

#include <algorithm>
#include <cstddef>

#include "postern/base/clock.hpp"

namespace postern::suppression {

class Slice {
 public:
  std::size_t rows() const { return rows_; }

  // Around one slice. Others wait for the books writer no longer than 20 ms: aims at half of that.
  void begin() { began_ = clock_.steady_now(); }
  void end() {
    const auto took = clock_.steady_now() - began_;
    if (took > most) rows_ = std::max(fewest_rows, rows_ / 2);
    if (took < most / 2) rows_ = std::min(most_rows, rows_ + rows_ / 4);
  }

 private:
  static constexpr auto most = std::chrono::milliseconds(10);
  static constexpr std::size_t fewest_rows = 16;
  static constexpr std::size_t most_rows = 500;

  base::SystemClock clock_;
  base::SteadyTime began_{};
  std::size_t rows_ = 200;
};

}  // namespace postern::suppression
