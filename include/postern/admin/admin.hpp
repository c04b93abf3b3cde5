// The operator's side: /livez /readyz /metrics and the JSON API, on HTTP (admin.listen, reads only) and on
// the Unix socket (admin.socket, also what changes state). Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
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

struct SyncView {  // what admin may know of the synchronisation with SES
  struct Running {
    std::uint64_t id = 0;
    base::WallTime since{};
    std::uint64_t pages = 0, entries = 0, expected = 0;
    double entries_per_second = 0;
  };
  struct Finished {
    std::uint64_t id = 0;
    bool good = false;
    std::string message;
  };
  bool enabled = false;
  std::uint64_t last_id = 0;
  std::optional<base::WallTime> last_good, last_full;
  std::uint64_t entries = 0;
  std::optional<Running> running;
  std::optional<Finished> finished;
  std::string last_error, doubt;
  std::vector<std::string> differences;
  std::string differences_unknown;
  base::Duration clock_skew{0};
};

struct SyncControl {  // empty functions: there is no daemon to do it
  std::function<SyncView()> view;
  std::function<std::uint64_t(bool force)> request_full;
  std::function<base::Task<base::Result<void>>(std::string address, std::string reason)> put;
  std::function<base::Task<base::Result<bool>>(std::string address)> remove;  // false: nowhere listed
  std::function<base::Task<base::Result<void>>()> write_account_reasons;
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
  SyncControl sync{};
};

// Answers every request of the admin API. `over_local_socket` requests may change state.
net::HttpHandler make_handler(Dependencies dependencies);

}  // namespace postern::admin
