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

std::optional<smtp::Reply> Account::take(std::size_t recipients) {
  refill(clock_->steady_now());
  if (quota_ > 0 && sent_in_window_ + recipients > quota_)
    return smtp::Reply(454, {}, "Throttling failure: Daily message quota exceeded");
  if (rate_ > 0 && allowance_ < 1)
    return smtp::Reply(454, {}, "Throttling failure: Maximum sending rate exceeded");
  allowance_ -= static_cast<double>(recipients);
  if (quota_ > 0) window_.push_back({filled_, recipients});
  sent_in_window_ += recipients;
  return std::nullopt;
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
