// The deadline of a stream: one timer, armed when the stream first has to wait, and armed again when it fires
// before a deadline that has moved on. So moving the deadline, which happens with every command, costs
// nothing. Loop thread.
#pragma once

#include <functional>
#include <memory>

#include "postern/base/clock.hpp"

namespace postern::net {

class Deadline {
 public:
  // expired is called on the loop when the moment has come, and may be called again after the deadline was
  // moved.
  Deadline(base::Executor executor, base::Clock& clock, std::function<void()> expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(base::SteadyTime when);
  void at_most(base::SteadyTime when);  // moves it earlier, never later
  bool passed() const;
  void arm();  // before waiting for the peer

 private:
  struct State;
  static base::Task<void> watch(std::shared_ptr<State> state);
  base::Executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace postern::net
