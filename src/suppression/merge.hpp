// Several sorted runs read as one, a slice at a time, with a bounded number of rows of each in memory. Books
// writer only. Between two slices the runs must not change.
#pragma once

#include <cstdint>
#include <vector>

#include "suppression/generations.hpp"

namespace postern::suppression {

class Merge {
 public:
  explicit Merge(const std::vector<std::int64_t>& runs);

  // In the order of the keys; fewer than asked for: these are the last.
  std::vector<ListedRow> next(Generations& generations, std::size_t rows);

 private:
  struct Source {
    std::int64_t run = 0;
    std::vector<ListedRow> rows;  // the rest from `at` on
    std::size_t at = 0;
    ListedRow last;
    bool ended = false;
  };
  static bool fill(Source& source, Generations& generations);  // false: nothing is left

  std::vector<Source> sources_;  // a heap, the smallest key first
  bool begun_ = false;
};

}  // namespace postern::suppression
