#include "deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

namespace postern::net {

struct Deadline::State {
  State(base::Executor executor, base::Clock& c, std::function<void()> e)
      : clock(c), expired(std::move(e)), timer(clock.make_timer(std::move(executor))) {}

  base::Clock& clock;
  std::function<void()> expired;
  std::unique_ptr<base::Timer> timer;
  base::SteadyTime when = base::SteadyTime::max();
  base::SteadyTime armed_for = base::SteadyTime::max();
  bool wanted = false;  // somebody has waited: a deadline set later is for them, too
  bool watching = false;
  bool gone = false;
};

Deadline::Deadline(base::Executor executor, base::Clock& clock, std::function<void()> expired)
    : executor_(executor), state_(std::make_shared<State>(executor, clock, std::move(expired))) {}

Deadline::~Deadline() {
  state_->gone = true;
  state_->timer->cancel();
}

void Deadline::set(base::SteadyTime when) {
  state_->when = when;
  if (!state_->watching) {
    if (state_->wanted) arm();
  } else if (when < state_->armed_for) {
    state_->timer->cancel();  // it looks again
  }
}

void Deadline::at_most(base::SteadyTime when) {
  if (when < state_->when) set(when);
}

bool Deadline::passed() const {
  return state_->clock.steady_now() >= state_->when;
}

void Deadline::arm() {
  state_->wanted = true;
  if (state_->watching || state_->when == base::SteadyTime::max()) return;
  state_->watching = true;
  boost::asio::co_spawn(executor_, watch(state_), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

// The state lives as long as the watcher, the stream may go before.
base::Task<void> Deadline::watch(std::shared_ptr<State> state) {
  while (!state->gone && state->when != base::SteadyTime::max()) {
    if (state->clock.steady_now() >= state->when) {
      state->watching = false;  // armed again by the next wait
      state->expired();
      co_return;
    }
    state->armed_for = state->when;
    state->timer->expires_at(state->when);
    co_await state->timer->wait();
  }
  state->watching = false;
}

}  // namespace postern::net
