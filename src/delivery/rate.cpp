#include "rate.hpp"

#include <algorithm>

namespace postern::delivery {

namespace {

using Seconds = std::chrono::duration<double>;
constexpr auto observed = std::chrono::seconds(5);
constexpr auto one_throttling = std::chrono::seconds(2);  // the 454s of one burst are one lesson
constexpr auto raise_every = std::chrono::seconds(10);
constexpr auto forget_after = std::chrono::minutes(10);
constexpr double lowered = 0.97;
constexpr double raised = 1.02;

base::SteadyTime::duration as_time(double seconds) {
  return std::chrono::duration_cast<base::SteadyTime::duration>(Seconds(seconds));
}

}  // namespace

void Rate::configure(double recipients_per_second) {
  if (recipients_per_second == configured_) return;
  configured_ = recipients_per_second;
  limit_ = recipients_per_second;
}

base::SteadyTime Rate::book(std::size_t recipients, base::SteadyTime now) {
  if (configured_ == 0 && limit_ > 0) {
    if (now - last_throttle_ > forget_after) {
      limit_ = 0;
    } else if (now - last_throttle_ > raise_every && now - last_raise_ > raise_every) {
      limit_ *= raised;
      last_raise_ = now;
    }
  }
  if (limit_ <= 0) return now;
  // next_ is when the bucket is level: it may lie up to a second back, which is the burst.
  const auto level = std::max(next_, now - std::chrono::seconds(1));
  next_ = level + as_time(static_cast<double>(recipients) / limit_);
  return std::max(level, now);
}

void Rate::accepted(std::size_t recipients, base::SteadyTime now) {
  recent_.push_back({now, recipients});
  recent_sum_ += recipients;
  forget_old(now);
}

void Rate::throttled(base::SteadyTime now) {
  if (configured_ > 0) return;
  const bool same_burst = limit_ > 0 && now - last_throttle_ < one_throttling;
  last_throttle_ = now;
  if (same_burst) return;
  forget_old(now);
  const auto since = recent_.empty() ? now : recent_.front().when;
  double achieved = static_cast<double>(recent_sum_) / std::max(1.0, Seconds(now - since).count());
  if (limit_ > 0) achieved = std::min(achieved, limit_);
  limit_ = std::max(1.0, achieved * lowered);
  last_raise_ = now;
  next_ = now;
}

void Rate::forget_old(base::SteadyTime now) {
  while (!recent_.empty() && now - recent_.front().when > observed) {
    recent_sum_ -= recent_.front().recipients;
    recent_.pop_front();
  }
}

}  // namespace postern::delivery
