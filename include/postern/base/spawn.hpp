// TaskGroup starts coroutines that nobody awaits. It names and counts them, reports an exception that
// escapes, and shutdown waits for it and can say which task is still busy. Replaces asio's "detached", which
// swallows exceptions. Lives on one executor and is used on that executor's thread only, but for cancel,
// which may be called on any. The tasks take values, never references to locals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/task.hpp"

namespace postern::base {

std::string describe(const std::exception_ptr& thrown);  // its what()

class TaskGroup {
 public:
  TaskGroup(Executor executor, Clock& clock, Log& log);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  using Id = std::uint64_t;
  Id spawn(std::string name, Task<void> task);
  std::size_t size() const;
  std::vector<std::string> names() const;
  // Asks every task that was spawned before to end: its pending wait is cancelled. At once inside the loop,
  // else as soon as the loop gets to it.
  void cancel();
  void cancel(Id id);                       // this one; an id that has ended is ignored
  Task<bool> wait_empty(SteadyTime until);  // false: the time came first

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace postern::base
