#include "postern/base/spawn.hpp"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace postern::base {

namespace asio = boost::asio;

struct TaskGroup::State {
  struct Entry {
    Id id = 0;
    std::string name;
    asio::cancellation_signal cancel;
    bool cancelled = false;
  };
  State(Executor e, Clock& c, Log& l)
      : executor(std::move(e)), clock(c), log(l), emptied(clock.make_timer(executor)) {}

  void cancel(Id from, Id to);

  Executor executor;
  Clock& clock;
  Log& log;
  std::list<Entry> tasks;
  std::atomic<Id> next_id = 1;  // cancel asks for it on any thread
  std::unique_ptr<Timer> emptied;
};

// A task may end inside emit and take itself off the list, so the next one is looked up first.
void TaskGroup::State::cancel(Id from, Id to) {
  for (auto it = tasks.begin(); it != tasks.end();) {
    auto& entry = *it++;
    if (entry.id < from || entry.id >= to) continue;
    entry.cancelled = true;
    entry.cancel.emit(asio::cancellation_type::terminal);
  }
}

namespace {

// How a task ends that does not look after its cancellation: shutdown, not a failure.
bool is_cancellation(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

std::string describe(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

TaskGroup::TaskGroup(Executor executor, Clock& clock, Log& log)
    : state_(std::make_shared<State>(std::move(executor), clock, log)) {}

TaskGroup::~TaskGroup() = default;

TaskGroup::Id TaskGroup::spawn(std::string name, Task<void> task) {
  auto& entry = state_->tasks.emplace_back();
  entry.id = state_->next_id++;
  entry.name = std::move(name);
  const Id id = entry.id;
  const auto at = std::prev(state_->tasks.end());
  auto finished = [state = state_, at](const std::exception_ptr& thrown) {
    if (thrown && !(at->cancelled && is_cancellation(thrown))) {
      state->log.error("task", {{"name", at->name}, {"reason", describe(thrown)}});
    }
    state->tasks.erase(at);
    if (state->tasks.empty()) state->emptied->cancel();
  };
  asio::co_spawn(state_->executor, std::move(task),
                 asio::bind_cancellation_slot(entry.cancel.slot(), finished));
  return id;
}

std::size_t TaskGroup::size() const {
  return state_->tasks.size();
}

std::vector<std::string> TaskGroup::names() const {
  std::vector<std::string> out;
  for (const auto& entry : state_->tasks) out.push_back(entry.name);
  return out;
}

// Outside the loop emit would post the address of the signal, which goes with its task: so the whole search
// is posted. Inside the loop it happens at once. A group that is gone and has no task left needs none.
void TaskGroup::cancel() {
  asio::dispatch(state_->executor, [weak = std::weak_ptr(state_), end = state_->next_id.load()] {
    if (const auto state = weak.lock()) state->cancel(0, end);
  });
}

void TaskGroup::cancel(Id id) {
  asio::dispatch(state_->executor, [weak = std::weak_ptr(state_), id] {
    if (const auto state = weak.lock()) state->cancel(id, id + 1);
  });
}

Task<bool> TaskGroup::wait_empty(SteadyTime until) {
  auto state = state_;
  while (!state->tasks.empty()) {
    state->emptied->expires_at(until);
    const bool expired = co_await state->emptied->wait();
    if (expired) co_return state->tasks.empty();
  }
  co_return true;
}

}  // namespace postern::base
