// The counters of intake, registered once.
#pragma once

#include "postern/base/metrics.hpp"

namespace postern::intake {

struct IntakeMetrics {
  explicit IntakeMetrics(base::Metrics& registry)
      : received(
            registry.counter("postern_messages_received_total", "Messages answered 250 and durably stored")),
        refused(registry.counter("postern_messages_refused_total",
                                 "Messages refused after their content was read")),
        connections(registry.counter("postern_connections_total", "Client connections accepted")),
        turned_away(
            registry.counter("postern_connections_refused_total", "Client connections refused by a limit")),
        accept_seconds(registry.histogram("postern_accept_seconds", "From the end of the content to the 250",
                                          {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5})) {}

  base::Counter& received;
  base::Counter& refused;
  base::Counter& connections;
  base::Counter& turned_away;
  base::Histogram& accept_seconds;
};

}  // namespace postern::intake
