// Turns for requests to SES: never two starts within a second, whoever asks. AWS counts every call that sends
// no mail against one request a second of the account and region. Loop thread.
#pragma once

#include "postern/base/clock.hpp"
#include "postern/base/task.hpp"

namespace postern::feedback {

class Pacer {
 public:
  explicit Pacer(base::Clock& clock) : clock_(clock) {}
  base::Task<void> turn();  // first come, first served

 private:
  base::Clock& clock_;
  base::SteadyTime next_{};
};

}  // namespace postern::feedback
