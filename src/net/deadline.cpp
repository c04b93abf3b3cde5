#include "deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

namespace postern::net {

struct Deadline::State {
  base::Clock& clock;
  std::function<void()> expired;
  std::unique_ptr<base::Timer> timer;
  base::SteadyTime when = base::SteadyTime::max();
  base::SteadyTime armed_for = base::SteadyTime::max();
  bool watching = false;
  bool gone = false;
};

Deadline::Deadline(base::Executor executor, base::Clock& clock, std::function<void()> expired)
    : executor_(executor),
      state_(new State{clock, std::move(expired), clock.make_timer(executor), base::SteadyTime::max(),
                       base::SteadyTime::max(), false, false}) {}

Deadline::~Deadline() {
  state_->gone = true;
  state_->timer->cancel();
}

void Deadline::set(base::SteadyTime when) {
  state_->when = when;
  if (state_->watching && when < state_->armed_for) state_->timer->cancel();  // it looks again
}

bool Deadline::passed() const {
  return state_->clock.steady_now() >= state_->when;
}

void Deadline::arm() {
  if (state_->watching || state_->when == base::SteadyTime::max()) return;
  state_->watching = true;
  // The state lives as long as the watcher, the stream may go before.
  boost::asio::co_spawn(executor_, watch(state_),
                        [state = state_](const std::exception_ptr&) { state->watching = false; });
}

base::Task<void> Deadline::watch(std::shared_ptr<State> state) {
  while (!state->gone && state->when != base::SteadyTime::max()) {
    if (state->clock.steady_now() >= state->when) {
      state->expired();
      co_return;  // armed again by the next wait
    }
    state->armed_for = state->when;
    state->timer->expires_at(state->when);
    co_await state->timer->wait();
  }
}

}  // namespace postern::net
