#include "account.hpp"

#include <algorithm>

namespace postern::sandbox {
namespace {

constexpr auto quota_window = std::chrono::hours(24);

}  // namespace

// The bucket holds one second's worth: short bursts pass, a sustained rate above the limit does not.
Account::Account(base::Clock& clock, double rate, std::uint64_t quota)
    : clock_(&clock),
      rate_(rate),
      allowance_(std::max(rate, 1.0)),
      quota_(quota),
      filled_(clock.steady_now()) {}

std::optional<smtp::Reply> Account::take(std::size_t recipients, std::size_t simulated) {
  refill(clock_->steady_now());
  const auto counted = recipients - simulated;
  if (quota_ > 0 && sent_in_window_ + counted > quota_)
    return smtp::Reply(454, {}, "Throttling failure: Daily message quota exceeded");
  if (rate_ > 0 && allowance_ < 1)
    return smtp::Reply(454, {}, "Throttling failure: Maximum sending rate exceeded");
  allowance_ -= static_cast<double>(recipients);
  count(counted);
  return std::nullopt;
}

// What falls into one second is one record: the window stays small however much is sent.
void Account::count(std::size_t recipients) {
  if (window_.empty() || filled_ - window_.back().when >= std::chrono::seconds(1))
    window_.push_back({filled_, 0});
  window_.back().recipients += recipients;
  sent_in_window_ += recipients;
}

std::uint64_t Account::sent_last_24_hours() {
  refill(clock_->steady_now());
  return sent_in_window_;
}

void Account::refill(base::SteadyTime now) {
  const double seconds = std::chrono::duration<double>(now - filled_).count();
  allowance_ = std::min(std::max(rate_, 1.0), allowance_ + rate_ * seconds);
  filled_ = now;
  while (!window_.empty() && window_.front().when + quota_window <= now) {
    sent_in_window_ -= window_.front().recipients;
    window_.pop_front();
  }
}

}  // namespace postern::sandbox
