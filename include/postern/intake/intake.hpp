// Left half of the hourglass: listens, runs SMTP sessions, stores, replies. Knows nothing of delivery.
// Made by app; loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/budget.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/random.hpp"
#include "postern/base/spawn.hpp"
#include "postern/ledger/ledger.hpp"
#include "postern/mail/fixups.hpp"
#include "postern/net/listener.hpp"
#include "postern/policy/gate.hpp"
#include "postern/policy/message_gate.hpp"
#include "postern/spool/spool.hpp"

namespace postern::intake {

struct Settings {
  std::string hostname;
  std::uint64_t message_size = 40 * 1024 * 1024;
  std::size_t recipients = 1000;
  std::size_t connections = 500;
  std::size_t connections_per_client = 100;
  int errors = 10;
  base::Duration command_timeout{std::chrono::minutes(5)};
  base::Duration data_timeout{std::chrono::minutes(10)};
  std::size_t messages_per_minute_per_client = 0;  // 0: no limit
  std::uint64_t spool_size = 0;                    // bytes of content; 0: no limit
  std::uint64_t min_free = 64 * 1024 * 1024;
  bool reject_bare_newline = false;
  mail::FixupOptions fixups;
  std::shared_ptr<const policy::Settings> policy;
};

struct Dependencies {
  base::Executor executor;
  base::Clock& clock;
  base::Random& random;
  base::Log& log;
  base::Metrics& metrics;
  base::Pool& disk;
  base::Budget& memory;
  policy::Gate& gate;
  policy::MessageGate* message_gate;  // null: alignment is not looked at
  spool::Spool& spool;
  ledger::Ledger& ledger;
  std::function<std::shared_ptr<const Settings>()> settings;  // the current snapshot
  std::function<std::uint64_t()> free_disk;  // bytes free where the spool lies; cached by app
};

class Intake {
 public:
  explicit Intake(Dependencies dependencies);
  ~Intake();

  void serve(std::shared_ptr<net::Listener> listener);  // from now on
  void stop_accepting();  // closes the listeners; sessions end after their transaction with 421
  base::Task<bool> wait_idle(base::SteadyTime until);  // false: sessions are still busy; `busy` names them
  std::vector<std::string> busy() const;
  void abort();  // cuts what is left

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::intake
