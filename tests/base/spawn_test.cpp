#include "postern/base/spawn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <stdexcept>
#include <thread>

#include "support/run.hpp"

namespace postern::base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TaskGroupTest : public testing::Test {
 protected:
  Task<void> sleeper(std::chrono::seconds time) {
    co_await sleep_for(clock, time);
    ++finished;
  }
  // Ends in an orderly way when it is cancelled, as a session does.
  Task<void> orderly() {
    auto executor = co_await boost::asio::this_coro::executor;
    auto timer = clock.make_timer(executor);
    const bool came = co_await timer->wait();
    if (!came) ++finished;
  }
  static Task<void> thrower(std::string what) {
    if (!what.empty()) throw std::runtime_error(what);
    throw 17;
    co_return;
  }
  void advance(int seconds) { support::advance(loop, clock, std::chrono::seconds(seconds)); }
  // Starts a wait for the group; `result` is set when it ends.
  void wait_for_group(int seconds, std::optional<bool>& result) {
    boost::asio::co_spawn(loop, group.wait_empty(clock.steady_now() + std::chrono::seconds(seconds)),
                          [&result](std::exception_ptr e, bool empty) {
                            if (!e) result = empty;
                          });
    advance(0);
  }

  // What still waits ends before the clock goes, of which it holds a timer.
  void TearDown() override {
    group.cancel();
    advance(0);
  }

  support::ManualClock clock;
  std::vector<std::string> lines;
  Log log{clock, [this](std::string_view l) { lines.emplace_back(l); }};
  boost::asio::io_context loop;
  TaskGroup group{loop.get_executor(), clock, log};
  int finished = 0;
};

TEST_F(TaskGroupTest, counts_and_names_what_is_busy) {
  group.spawn("ten", sleeper(std::chrono::seconds(10)));
  group.spawn("twenty", sleeper(std::chrono::seconds(20)));
  EXPECT_EQ(group.size(), 2U);
  EXPECT_THAT(group.names(), ElementsAre("ten", "twenty"));
  advance(15);
  EXPECT_THAT(group.names(), ElementsAre("twenty"));
  advance(15);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(finished, 2);
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(TaskGroupTest, logs_an_exception_that_escapes_with_the_name_of_the_task) {
  group.spawn("session 7", thrower("out of luck"));
  group.spawn("odd", thrower(""));
  advance(0);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr("level=error event=task name=\"session 7\" reason=\"out of luck\""));
  EXPECT_THAT(lines[1], HasSubstr("name=odd reason=\"unknown exception\""));
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, cancel_ends_every_task_at_its_wait) {
  group.spawn("a", orderly());
  group.spawn("b", orderly());
  advance(0);
  group.cancel();
  advance(0);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(finished, 2);
}

TEST_F(TaskGroupTest, cancel_reaches_a_task_that_has_not_begun) {
  group.spawn("a", orderly());
  group.cancel();
  advance(1);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(finished, 1);
}

Task<void> nothing() {
  co_return;
}

// The report of the end is queued behind the cancellation of what has ended by then.
TEST_F(TaskGroupTest, cancel_from_outside_the_loop_may_come_too_late) {
  const auto id = group.spawn("quick", nothing());
  loop.run_one();
  ASSERT_EQ(group.size(), 1U);
  group.cancel();
  group.cancel(id);
  advance(0);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(TaskGroupTest, cancel_from_another_thread_ends_what_was_spawned_before_it) {
  group.spawn("a", orderly());
  const auto b = group.spawn("b", orderly());
  advance(0);
  std::thread([this] { group.cancel(); }).join();
  std::thread([this, b] { group.cancel(b); }).join();
  group.spawn("later", orderly());
  advance(0);
  EXPECT_THAT(group.names(), ElementsAre("later"));
  EXPECT_EQ(finished, 2);
}

TEST_F(TaskGroupTest, cancel_from_outside_the_loop_outlives_the_group) {
  auto own = std::make_unique<TaskGroup>(loop.get_executor(), clock, log);
  own->spawn("a", orderly());
  advance(0);
  own->cancel();
  own.reset();
  advance(0);
  EXPECT_EQ(finished, 1);
}

TEST_F(TaskGroupTest, cancel_inside_the_loop_acts_at_once) {
  group.spawn("a", orderly());
  advance(0);
  std::size_t asked = 0;
  boost::asio::post(loop, [&] {
    group.cancel();
    group.spawn("later", orderly());
    asked = group.size();
  });
  advance(0);
  EXPECT_EQ(asked, 2U);
  EXPECT_THAT(group.names(), ElementsAre("later"));
}

Task<void> wait_twice(Clock& clock) {
  co_await sleep_for(clock, std::chrono::hours(1));
  co_await sleep_for(clock, std::chrono::hours(1));  // asio throws operation_aborted here
}

TEST_F(TaskGroupTest, a_task_that_cancellation_ended_is_no_error) {
  group.spawn("a", wait_twice(clock));
  advance(1);
  group.cancel();
  advance(1);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(TaskGroupTest, wait_empty_ends_with_the_last_task) {
  group.spawn("ten", sleeper(std::chrono::seconds(10)));
  std::optional<bool> result;
  wait_for_group(60, result);
  advance(9);
  EXPECT_EQ(result, std::nullopt);
  advance(1);
  EXPECT_EQ(result, true);
}

TEST_F(TaskGroupTest, wait_empty_gives_up_at_its_time) {
  group.spawn("long", sleeper(std::chrono::seconds(100)));
  std::optional<bool> result;
  wait_for_group(60, result);
  advance(59);
  EXPECT_EQ(result, std::nullopt);
  advance(1);
  EXPECT_EQ(result, false);
  EXPECT_THAT(group.names(), ElementsAre("long"));
  advance(100);
}

TEST_F(TaskGroupTest, wait_empty_of_an_empty_group_is_over_at_once) {
  std::optional<bool> result;
  wait_for_group(60, result);
  EXPECT_EQ(result, true);
}

TEST_F(TaskGroupTest, wait_empty_goes_on_for_a_task_that_came_meanwhile) {
  group.spawn("first", sleeper(std::chrono::seconds(10)));
  std::optional<bool> result;
  wait_for_group(60, result);
  advance(5);
  group.spawn("second", sleeper(std::chrono::seconds(10)));
  advance(5);
  EXPECT_EQ(result, std::nullopt);
  advance(5);
  EXPECT_EQ(result, true);
}

}  // namespace
}  // namespace postern::base
