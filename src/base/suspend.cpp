#include "postern/base/suspend.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace postern::base {

namespace asio = boost::asio;

Task<void> suspend(std::function<void(std::function<void()> resume)> start) {
  auto initiate = [&start](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    auto guard = asio::make_work_guard(executor);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    start([shared, guard = std::move(guard)]() mutable {
      auto back = guard.get_executor();
      asio::post(back, [shared = std::move(shared)]() mutable { (*shared)(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(initiate, asio::use_awaitable);
}

}  // namespace postern::base
