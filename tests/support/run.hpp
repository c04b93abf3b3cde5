// Runs coroutines in a test: run() until one is finished, advance() through virtual time.
// Note: GoogleTest's ASSERT_* does not compile inside a coroutine; return values out of it and assert
// outside.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include "postern/base/task.hpp"
#include "support/manual_clock.hpp"

namespace postern::support {

// Real time passes here: for what waits on threads and sockets. Fails the test by an exception after `limit`.
template <class T>
T run(boost::asio::io_context& loop, base::Task<T> task,
      std::chrono::seconds limit = std::chrono::seconds(20)) {
  std::exception_ptr thrown;
  bool finished = false;
  std::optional<std::conditional_t<std::is_void_v<T>, int, T>> result;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e) {
      thrown = e;
      finished = true;
    });
  } else {
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e, T value) {
      thrown = e;
      if (!e) result.emplace(std::move(value));
      finished = true;
    });
  }
  const auto end = std::chrono::steady_clock::now() + limit;
  loop.restart();
  while (!finished) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("support::run: the task did not end in time");
    loop.run_one_for(std::chrono::milliseconds(100));
    if (loop.stopped()) loop.restart();
  }
  if (thrown) std::rethrow_exception(thrown);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Lets everything run that can, then moves the clock from timer to timer until `duration` has passed.
inline void advance(boost::asio::io_context& loop, ManualClock& clock, base::Duration duration) {
  const auto end = clock.steady_now() + duration;
  const auto settle = [&loop] {
    loop.restart();
    loop.poll();
  };
  settle();
  while (clock.next() <= end) {
    clock.move_to(clock.next());
    settle();
  }
  clock.move_to(end);
  settle();
}

}  // namespace postern::support
