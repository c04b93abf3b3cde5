// Everything that a running daemon is made of, in the order in which it is built; it is taken down in the
// reverse order by lifecycle.cpp. Loop thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "disk_watch.hpp"
#include "postern/admin/admin.hpp"
#include "postern/app/snapshot.hpp"
#include "postern/base/books_writer.hpp"
#include "postern/base/budget.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/random.hpp"
#include "postern/base/spawn.hpp"
#include "postern/delivery/delivery.hpp"
#include "postern/intake/intake.hpp"
#include "postern/ledger/ledger.hpp"
#include "postern/net/dialer.hpp"
#include "postern/net/listener.hpp"
#include "postern/net/resolver.hpp"
#include "postern/policy/gate.hpp"
#include "postern/spool/spool.hpp"
#include "postern/suppression/list.hpp"
#include "ses_link.hpp"
#include "snapshot_holder.hpp"

namespace postern::app {

// Why the daemon can't start: what to tell the person, and the exit code.
struct StartFailure {
  int exit_code = 0;
  std::string message;
};

struct Graph {
  Graph(boost::asio::io_context& loop, std::string config_file, std::shared_ptr<const Snapshot> first,
        base::Log& log, base::SystemClock& clock);

  std::optional<StartFailure> listen();  // binds every address, accepts nothing yet
  std::optional<StartFailure> open_stores();
  std::optional<StartFailure> make_parts();  // resolver, gate, intake, delivery, admin
  void connect();                            // snapshot changes, gauges
  std::string not_ready() const;             // for /readyz; empty: ready
  std::string busy() const;                  // names of what still runs; empty: it may be destroyed

  boost::asio::io_context& loop;
  base::Log& log;
  base::SystemClock& clock;
  base::SystemRandom random;
  base::Metrics metrics;
  base::Pool disk;
  base::Pool crypto;
  base::BooksWriter ledger_writer{"ledger-writer"};
  base::BooksWriter list_writer{"list-writer"};
  base::Budget memory;
  SnapshotHolder snapshots;
  DiskWatch disk_watch;
  base::TaskGroup background;  // watchers; cancelled at the end
  base::TaskGroup admin_sessions;
  std::vector<std::shared_ptr<net::Listener>> listeners;
  std::vector<std::shared_ptr<net::Listener>> admin_listeners;
  std::unique_ptr<spool::Spool> spool;
  std::unique_ptr<suppression::List> suppression;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<net::CaresHostResolver> resolver;
  std::unique_ptr<net::TcpDialer> dialer;
  std::unique_ptr<policy::Gate> gate;
  std::unique_ptr<net::CaresResolver> dns;
  std::unique_ptr<policy::Alignment> alignment;
  std::unique_ptr<policy::MessageGate> message_gate;
  std::unique_ptr<SesLink> ses;
  std::unique_ptr<feedback::SuppressionSync> sync;
  std::unique_ptr<intake::Intake> intake;
  std::unique_ptr<delivery::Delivery> delivery;
  bool stopping = false;

 private:
  const Config& config() const { return snapshots.current()->config; }
  std::optional<StartFailure> listen_on(const std::string& address, bool written,
                                        std::vector<std::shared_ptr<net::Listener>>& into);
  intake::Dependencies intake_dependencies();
  delivery::Dependencies delivery_dependencies();
  admin::Dependencies admin_dependencies();
  std::optional<StartFailure> make_alignment();
  void make_sync();
  admin::SyncControl sync_control();
  void register_gauges();
};

}  // namespace postern::app
