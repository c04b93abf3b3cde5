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

  // Takes `recipients` off both allowances; a refusal takes nothing.
  std::optional<smtp::Reply> take(std::size_t recipients);

 private:
  struct Sent {
    base::SteadyTime when;
    std::uint64_t recipients;
  };
  void refill(base::SteadyTime now);

  base::Clock* clock_;
  double rate_;
  double allowance_;  // below zero after a burst: one message may have more recipients than a second gives
  std::uint64_t quota_;
  std::uint64_t sent_in_window_ = 0;
  base::SteadyTime filled_;
  std::deque<Sent> window_;
};

}  // namespace postern::sandbox
