#include "postern/base/offload.hpp"

#include <pthread.h>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "support/run.hpp"

namespace postern::base {
namespace {

struct Where {
  std::thread::id work, after;
  std::string pool_name;
};

Task<Where> note_threads(Pool& pool) {
  Where out;
  auto work = [&out] {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    out.pool_name = name;
    out.work = std::this_thread::get_id();
  };
  co_await offload(pool, work);
  out.after = std::this_thread::get_id();
  co_return out;
}

TEST(Offload, runs_on_the_pool_and_comes_back_to_the_loop) {
  boost::asio::io_context loop;
  Pool pool("disk", 1);
  const Where where = support::run(loop, note_threads(pool));
  EXPECT_NE(where.work, std::this_thread::get_id());
  EXPECT_EQ(where.after, std::this_thread::get_id());
  EXPECT_EQ(where.pool_name, "disk");
}

TEST(Offload, gives_the_result_also_when_it_can_only_be_moved) {
  boost::asio::io_context loop;
  Pool pool("disk", 2);
  auto make = [] { return std::make_unique<std::string>("moved"); };
  EXPECT_EQ(*support::run(loop, offload(pool, make)), "moved");
}

TEST(Offload, lets_an_exception_out_at_the_await) {
  boost::asio::io_context loop;
  Pool pool("disk", 1);
  auto value = []() -> int { throw std::runtime_error("disk on fire"); };
  auto nothing = [] { throw std::logic_error("no result either"); };
  EXPECT_THROW(support::run(loop, offload(pool, value)), std::runtime_error);
  EXPECT_THROW(support::run(loop, offload(pool, nothing)), std::logic_error);
}

Task<void> count_up(Pool& pool, std::atomic<int>& on_pool, int& on_loop) {
  auto work = [&on_pool] { ++on_pool; };
  for (int i = 0; i < 50; ++i) {
    co_await offload(pool, work);
    ++on_loop;
  }
}

TEST(Offload, serves_many_coroutines_at_once) {
  boost::asio::io_context loop;
  Pool pool("crypto", 2);
  std::atomic<int> on_pool = 0;
  int on_loop = 0;
  int finished = 0;
  for (int i = 0; i < 20; ++i) {
    boost::asio::co_spawn(loop, count_up(pool, on_pool, on_loop), [&finished](std::exception_ptr e) {
      if (!e) ++finished;
    });
  }
  loop.run();  // ends when no coroutine waits any more
  EXPECT_EQ(finished, 20);
  EXPECT_EQ(on_pool, 1000);
  EXPECT_EQ(on_loop, 1000);
}

TEST(Pool, runs_all_that_was_posted_before_join_returns) {
  std::atomic<int> ran = 0;
  Pool pool("disk", 2);
  for (int i = 0; i < 100; ++i) pool.post([&ran] { ++ran; });
  pool.join();
  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace postern::base
