#include "feedback/pacer.hpp"

#include <algorithm>

namespace postern::feedback {

namespace {

constexpr auto spacing = std::chrono::seconds(1);

}  // namespace

base::Task<void> Pacer::turn() {
  const auto mine = std::max(next_, clock_.steady_now());
  next_ = mine + spacing;
  if (mine > clock_.steady_now()) co_await base::sleep_until(clock_, mine);
}

}  // namespace postern::feedback
