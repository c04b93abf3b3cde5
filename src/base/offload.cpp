#include "postern/base/offload.hpp"

#include <pthread.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postern::base {

namespace asio = boost::asio;

struct Pool::Impl {
  std::string name;
  asio::thread_pool threads;
};

Pool::Pool(std::string name, std::size_t threads)
    : impl_(new Impl{std::move(name), asio::thread_pool(threads)}) {
  // Each thread names itself in the first work that it does: ps -L and gdb then tell them apart.
  for (std::size_t i = 0; i < threads; ++i) {
    post([label = impl_->name.substr(0, 15)] { pthread_setname_np(pthread_self(), label.c_str()); });
  }
}

Pool::~Pool() {
  join();
}

void Pool::post(std::function<void()> work) {
  asio::post(impl_->threads, std::move(work));
}

void Pool::join() {
  impl_->threads.join();
}

Task<void> detail::run_on(Pool& pool, std::function<void()> work) {
  auto initiate = [&pool, &work](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    auto guard = asio::make_work_guard(executor);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    pool.post([shared, guard = std::move(guard), &work]() mutable {
      work();
      auto back = guard.get_executor();
      asio::post(back, [shared = std::move(shared)]() mutable { (*shared)(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(initiate, asio::use_awaitable);
}

}  // namespace postern::base
