// Keeps the copy of SES's account suppression list in step: changes by StartDate every `interval`, a whole
// list every `full_interval` and on request, at most one request a second over all that is asked here. A pass
// that fails or is doubtful changes nothing. Also writes single entries through to SES and compares what SES
// suppresses with what postern does. Made by app, asked by admin; loop thread. Sends no mail, and changes
// nothing at SES unless a person asked for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postern/aws/ses.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/random.hpp"
#include "postern/base/spawn.hpp"
#include "postern/suppression/sync_target.hpp"

namespace postern::feedback {

struct SuppressionSyncSettings {
  bool enabled = false;  // false: only what is asked for
  base::Duration interval = std::chrono::minutes(5);
  base::Duration full_interval = std::chrono::hours(24);
  std::vector<std::string> reasons;  // suppression.reasons; BOUNCE and COMPLAINT are asked for, none: both
  std::string configuration_set;     // that outgoing mail carries; empty: none
  std::string region;                // a list is of an account and region
  std::string account;               // whatever else tells accounts apart: endpoint, profile, key id
};

struct SuppressionSyncStatus {
  struct Running {
    std::uint64_t id = 0;  // of the full pass, as request_full() gave it
    base::WallTime since{};
    std::uint64_t pages = 0;
    std::uint64_t entries = 0;   // addresses so far
    std::uint64_t expected = 0;  // on the list before; 0: unknown
    double entries_per_second = 0;
  };
  struct Finished {
    std::uint64_t id = 0;
    bool good = false;
    std::string message;  // how it ended, for a person
  };
  bool enabled = false;
  std::uint64_t last_id = 0;                // the highest that was given to a full pass; never again one
  std::optional<base::WallTime> last_good;  // end of the last good pass
  std::optional<base::WallTime> last_full;  // end of the last good full pass
  std::uint64_t entries = 0;                // addresses on SES's list
  std::optional<Running> full;              // a full pass that runs
  std::optional<Finished> last_finished;    // the last full pass that ended since the start
  std::string last_error;                   // of the last request or pass; empty once one is good
  std::string doubt;                        // why the last full pass was not believed; empty: it was
  std::vector<std::string> differences;     // between what SES suppresses and suppression.reasons
  std::string differences_unknown;          // why they can't be told; empty: they can
  base::Duration clock_skew{0};             // SES's clock minus this one's
};

class SuppressionSync {
 public:
  struct Dependencies {
    base::Executor executor;
    base::Clock& clock;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    aws::Ses& ses;
    suppression::SyncTarget& list;
    std::function<std::shared_ptr<const SuppressionSyncSettings>()> settings;
  };
  explicit SuppressionSync(Dependencies deps);
  ~SuppressionSync();
  SuppressionSync(const SuppressionSync&) = delete;
  SuppressionSync& operator=(const SuppressionSync&) = delete;

  base::Task<void> run();   // until cancelled; this object outlives it
  void settings_changed();  // looks at them at once

  // A full pass as soon as may be, sync enabled or not. Status tells of it under the id that this gives.
  // force: believe it also when it is doubtful, because a person knows why.
  std::uint64_t request_full(bool force);
  SuppressionSyncStatus status() const;

  // SES first, then here. The error says how far it came.
  base::Task<base::Result<void>> put(std::string address, std::string reason);
  struct Removal {
    bool ses = false;   // SES listed it
    bool here = false;  // this list had it, as copy or own entry
  };
  base::Task<base::Result<Removal>> remove(std::string address);
  // Makes the account suppress what suppression.reasons says.
  base::Task<base::Result<void>> write_account_reasons();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace postern::feedback
