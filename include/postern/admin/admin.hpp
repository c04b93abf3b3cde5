// The operator's side: /livez /readyz /metrics and the JSON API, on HTTP (admin.listen, reads only) and on
// the Unix socket (admin.socket, also what changes state). Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/task.hpp"
#include "postern/ledger/ledger.hpp"
#include "postern/net/http_server.hpp"
#include "postern/spool/spool.hpp"
#include "postern/suppression/list.hpp"

namespace postern::admin {

struct DeliveryView {  // what admin may know of delivery; filled by app, since siblings never include each
                       // other
  bool paused = false;
  std::string reason, last_error;
  base::WallTime since{};
  std::vector<std::string> in_flight;
};

struct Dependencies {
  base::Executor executor;
  base::Clock& clock;
  base::Log& log;
  base::Metrics& metrics;
  spool::Spool& spool;
  suppression::List& suppression;
  ledger::Ledger& ledger;
  std::function<DeliveryView()> delivery;
  std::function<void()> wake_delivery;     // after flush and release
  std::function<std::string()> not_ready;  // empty: ready; else why not (draining, disk full, spool failed)
};

// Answers every request of the admin API. `over_local_socket` requests may change state.
net::HttpHandler make_handler(Dependencies dependencies);

}  // namespace postern::admin
