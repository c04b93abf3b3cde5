// Right half of the hourglass: takes due records from the spool, signs, hands them to the upstream, settles.
// Knows nothing of intake. Made by app; loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/random.hpp"
#include "postern/delivery/retry.hpp"
#include "postern/delivery/upstream.hpp"
#include "postern/dkim/signer.hpp"
#include "postern/ledger/ledger.hpp"
#include "postern/net/dialer.hpp"
#include "postern/spool/spool.hpp"

namespace postern::delivery {

enum class OnMissingKey { send, defer, reject };
enum class TlsMode { none, starttls, implicit };

struct UpstreamSettings {
  std::string host;
  std::uint16_t port = 587;
  TlsMode tls = TlsMode::starttls;
  std::shared_ptr<net::TlsContext> tls_context;  // null with TlsMode::none
  std::string username, password;
  std::size_t connections = 8;
  std::string helo;
  std::string configuration_set;                          // X-SES-CONFIGURATION-SET, empty: none
  std::vector<std::pair<std::string, std::string>> tags;  // X-SES-MESSAGE-TAGS
};

struct Settings {
  std::vector<UpstreamSettings> upstreams;     // tried in order
  std::shared_ptr<const dkim::Signer> signer;  // null: no keys
  OnMissingKey on_missing_key = OnMissingKey::send;
  std::size_t recipients_per_message = 50;
  double rate = 0;  // recipients a second; 0: as the upstream takes them
  RetryPolicy retry;
  bool hold_unverified = true;
};

struct Dependencies {
  base::Executor executor;
  base::Clock& clock;
  base::Random& random;
  base::Log& log;
  base::Metrics& metrics;
  base::Pool& crypto;
  base::Pool& disk;
  net::Dialer& dialer;
  spool::Spool& spool;
  ledger::Ledger& ledger;
  std::function<std::shared_ptr<const Settings>()> settings;
};

class Delivery {
 public:
  explicit Delivery(Dependencies dependencies);
  ~Delivery();

  void start();
  void settings_changed();  // a new snapshot: idle connections of the old one close, a pause for AUTH ends
  void wake();              // flush and release: look at the spool again, the upstream's pause ends
  void stop(bool drain_queue);  // no new work; with drain_queue what is due is still taken
  base::Task<bool> wait_idle(base::SteadyTime until);
  std::vector<std::string> busy() const;
  void abort();
  std::vector<std::string> in_flight() const;  // ids
  struct Status {
    bool paused = false;
    std::string reason;  // why the upstream is paused: auth, suspended, unreachable, throttled, quota
    std::string last_error;
    base::WallTime since{};
  };
  Status status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::delivery
