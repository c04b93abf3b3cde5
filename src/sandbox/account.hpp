// The sending limits of the account: rate and daily quota, counted in recipients as SES counts them. One for
// all sessions; loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "postern/base/clock.hpp"
#include "postern/smtp/reply.hpp"

namespace postern::sandbox {

class Account {
 public:
  Account(base::Clock& clock, double rate, std::uint64_t quota);

  // Takes `recipients` off both allowances; a refusal takes nothing. Those of the mailbox simulator keep to
  // the rate but do not count for the quota.
  std::optional<smtp::Reply> take(std::size_t recipients, std::size_t simulated = 0);

  // As GetAccount tells them; -1: no limit.
  double max_24_hour_send() const { return quota_ > 0 ? static_cast<double>(quota_) : -1; }
  double max_send_rate() const { return rate_ > 0 ? rate_ : -1; }
  std::uint64_t sent_last_24_hours();

 private:
  struct Sent {
    base::SteadyTime when;
    std::uint64_t recipients;
  };
  void refill(base::SteadyTime now);
  void count(std::size_t recipients);

  base::Clock* clock_;
  double rate_;
  double allowance_;  // below zero after a burst: one message may have more recipients than a second gives
  std::uint64_t quota_;
  std::uint64_t sent_in_window_ = 0;
  base::SteadyTime filled_;
  std::deque<Sent> window_;
};

}  // namespace postern::sandbox
