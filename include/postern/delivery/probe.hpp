// Can mail be handed to this upstream? Connects, greets, starts TLS, authenticates and says goodbye; sends
// nothing. For doctor. Loop thread.
#pragma once

#include <string>

#include "postern/base/offload.hpp"
#include "postern/base/task.hpp"
#include "postern/delivery/delivery.hpp"
#include "postern/delivery/outcome.hpp"

namespace postern::delivery {

struct Probe {
  bool ready = false;
  std::string relay;   // host[ip]:port, host:port when it was not reached
  Phase phase{};       // where it ended, when not ready
  std::string reason;  // the reply or the error
};

base::Task<Probe> probe(UpstreamSettings settings, net::Dialer& dialer, base::Clock& clock, base::Pool& disk);

}  // namespace postern::delivery
