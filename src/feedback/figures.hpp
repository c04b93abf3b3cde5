// The metrics of the sync. They outlive it: what is read while rendering is held in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "postern/base/clock.hpp"
#include "postern/base/metrics.hpp"

namespace postern::feedback {

class Figures {
 public:
  Figures(base::Metrics& metrics, base::Clock& clock);

  void enabled(bool on) { shown_->enabled = on; }
  void last_good(std::optional<base::WallTime> when);
  void entries(std::uint64_t count) { entries_.set(static_cast<double>(count)); }
  void skipped(std::uint64_t count) { skipped_.set(static_cast<double>(count)); }

  base::Counter& good;
  base::Counter& failed;
  base::Counter& doubtful;
  base::Counter& requests;
  base::Counter& failed_requests;

 private:
  struct Shown {
    std::atomic<bool> enabled{false};
    std::atomic<std::int64_t> last_good{-1};
  };
  static double age(const Shown& shown, base::Clock& clock);

  base::Gauge& entries_;
  base::Gauge& skipped_;
  std::shared_ptr<Shown> shown_ = std::make_shared<Shown>();
};

}  // namespace postern::feedback
