// Whether an upstream may be tried now: it pauses after a failure that is the upstream's or the account's,
// never a message's, longer each time, and lets one transaction probe it before all go again. Pure; loop
// thread. Bounds: an upstream that returns, or a credential that was mended, is used within 30 s.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "postern/base/clock.hpp"

namespace postern::delivery {

class Health {
 public:
  static constexpr base::Duration first_pause{std::chrono::seconds(1)};
  static constexpr base::Duration longest_pause{std::chrono::seconds(25)};
  static constexpr base::Duration quota_pause{
      std::chrono::minutes(1)};  // the daily quota is a rolling window

  explicit Health(std::size_t connections) : connections_(connections), allowed_(connections) {}

  // Transactions that may run now: none while paused, one to probe, else all that the upstream takes.
  std::size_t allowed(base::SteadyTime now) const {
    if (now < paused_until_) return 0;
    return reason_.empty() ? allowed_ : 1;
  }
  void succeeded() {
    reason_.clear();
    pause_ = first_pause;
    if (allowed_ < connections_) ++allowed_;
  }
  void failed(std::string_view reason, std::string error, base::SteadyTime now, base::WallTime wall) {
    const bool already = now < paused_until_;
    if (reason_.empty()) since_ = wall;
    reason_ = reason;
    error_ = std::move(error);
    if (already) return;  // what was under way when the pause began says the same again
    paused_until_ = now + (reason == "quota" ? quota_pause : pause_);
    pause_ = std::min(pause_ * 2, longest_pause);
  }
  // 421 "Too many concurrent SMTP connections": half of them, one more with each success.
  void too_many_connections() { allowed_ = std::max<std::size_t>(1, allowed_ / 2); }
  void try_now() { paused_until_ = {}; }

  bool paused() const { return !reason_.empty(); }
  base::SteadyTime paused_until() const { return paused_until_; }
  const std::string& reason() const { return reason_; }
  const std::string& error() const { return error_; }
  base::WallTime since() const { return since_; }

 private:
  std::size_t connections_;
  std::size_t allowed_;
  base::Duration pause_ = first_pause;
  base::SteadyTime paused_until_{};
  base::WallTime since_{};
  std::string reason_;
  std::string error_;
};

}  // namespace postern::delivery
