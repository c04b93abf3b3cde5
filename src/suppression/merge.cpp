#include "suppression/merge.hpp"

#include <algorithm>
#include <utility>

namespace postern::suppression {

namespace {

constexpr std::size_t rows_at_once = 64;

}  // namespace

Merge::Merge(const std::vector<std::int64_t>& runs) {
  for (const auto run : runs) sources_.push_back({run, {}, 0, {}, false});
}

bool Merge::fill(Source& source, Generations& generations) {
  if (source.at < source.rows.size()) return true;
  if (source.ended) return false;
  source.rows = generations.rows_after(source.run, source.last, rows_at_once);
  source.at = 0;
  source.ended = source.rows.size() < rows_at_once;
  if (source.rows.empty()) return false;
  source.last = source.rows.back();
  return true;
}

std::vector<ListedRow> Merge::next(Generations& generations, std::size_t rows) {
  const auto later = [](const Source& a, const Source& b) {
    const auto& x = a.rows[a.at];
    const auto& y = b.rows[b.at];
    return std::tie(x.key, x.spelling) > std::tie(y.key, y.spelling);
  };
  if (!std::exchange(begun_, true)) {
    std::erase_if(sources_, [&](Source& source) { return !fill(source, generations); });
    std::ranges::make_heap(sources_, later);
  }
  std::vector<ListedRow> merged;
  while (merged.size() < rows && !sources_.empty()) {
    std::ranges::pop_heap(sources_, later);
    auto& source = sources_.back();
    merged.push_back(std::move(source.rows[source.at++]));
    if (fill(source, generations)) {
      std::ranges::push_heap(sources_, later);
    } else {
      sources_.pop_back();
    }
  }
  return merged;
}

}  // namespace postern::suppression
