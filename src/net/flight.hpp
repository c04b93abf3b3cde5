// One question under way and all who wait for its answer: the first asks, the others join. Those who wait go
// on when land() is called, each from the loop's queue and never inside land(). Loop thread only. Private to
// net.
#pragma once

#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cancellation.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"

namespace postern::net {

template <class T>
class Flight {
 public:
  explicit Flight(base::Clock& clock) : clock_(clock) {}

  // Cancelling one who waits (Errc::cancelled) leaves the question and the others alone.
  static base::Task<base::Result<T>> wait(std::shared_ptr<Flight> flight) {
    if (!flight->outcome_) {
      auto executor = co_await boost::asio::this_coro::executor;
      const std::shared_ptr<base::Timer> signal = flight->clock_.make_timer(executor);
      flight->waiting_.push_back(signal);
      co_await signal->wait();
    }
    const bool cancelled = co_await was_cancelled();
    if (cancelled || !flight->outcome_) co_return base::fail(base::Errc::cancelled, "cancelled");
    co_return *flight->outcome_;
  }

  void land(base::Result<T> outcome) {
    outcome_ = std::move(outcome);
    for (const auto& signal : std::exchange(waiting_, {})) signal->cancel();
  }

 private:
  base::Clock& clock_;
  std::vector<std::shared_ptr<base::Timer>> waiting_;
  std::optional<base::Result<T>> outcome_;
};

}  // namespace postern::net
