// offload(pool, fn): the only bridge from the loop to blocking code. fn runs on a thread of the pool, the
// caller goes on on its own executor with the result; an exception in fn comes out of the co_await. 100 us of
// CPU or any disk call goes here. A pool is joined before the loop that waits for it is destroyed
// (app/lifecycle); an offloaded call cannot be cancelled.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "postern/base/task.hpp"

namespace postern::base {

class Pool {
 public:
  Pool(std::string name, std::size_t threads);
  ~Pool();  // joins
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void post(std::function<void()> work);
  void join();  // waits until all that was posted has run

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace detail {
Task<void> run_on(Pool& pool, std::function<void()> work);
}

template <class F>
Task<std::invoke_result_t<F&>> offload(Pool& pool, F fn) {
  using R = std::invoke_result_t<F&>;
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<R>) {
    std::function<void()> work = [&fn, &thrown] {
      try {
        fn();
      } catch (...) {
        thrown = std::current_exception();
      }
    };
    co_await detail::run_on(pool, std::move(work));
    if (thrown) std::rethrow_exception(thrown);
  } else {
    std::optional<R> result;
    std::function<void()> work = [&fn, &thrown, &result] {
      try {
        result.emplace(fn());
      } catch (...) {
        thrown = std::current_exception();
      }
    };
    co_await detail::run_on(pool, std::move(work));
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*result);
  }
}

}  // namespace postern::base
