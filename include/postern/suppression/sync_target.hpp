// The copy of SES's account list inside the suppression list, as whoever keeps it in step fills it
// (feedback). A pass gathers pages under a generation of its own, which no look-up sees, and takes effect at
// finish(): a full one by one row that names the new generation, one of changes by moving its rows over.
// Every call is durable as far as a restart needs it: a pass that was cut goes on at sync_state().full's
// token or is abandoned. Called on the loop; what blocks runs on the list writer in slices. The calls of a
// pass come one after another; put_listed() and remove_everywhere() may come between the slices of one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"

namespace postern::suppression {

inline constexpr const char* ses_source = "ses account list";  // Entry::source of what SES lists

// An entry as SES lists it. SES compares without case when it sends, but takes back an entry only in the
// spelling it was stored with, and may list one address in two spellings.
struct Listed {
  std::string address;
  std::string reason;  // BOUNCE, COMPLAINT
  base::WallTime updated{};
};

enum class PassKind { full, changes };

struct Pass {
  std::string scope;          // what was asked for: a list of another region or other reasons is another list
  base::WallTime started{};   // by SES's clock
  std::string next_token;     // where it goes on; empty: at the first page
  base::WallTime touched{};   // when the token was got, by this machine's clock
  std::uint64_t pages = 0;    // taken
  std::uint64_t entries = 0;  // so far
  std::uint64_t skipped = 0;  // entries that no recipient of a mail can match
  std::uint64_t empty = 0;    // pages without entries that were not the last
};

// A full pass that came to its end but was not believed.
struct Doubt {
  std::string why;
  std::string scope;
  std::uint64_t entries = 0;  // that it found
};

struct SyncState {
  std::string scope;                           // of the list in force; empty: there was no full pass yet
  std::uint64_t entries = 0;                   // addresses on it
  std::optional<base::WallTime> last_good;     // end of the last good pass, by this machine's clock
  std::optional<base::WallTime> last_full;     // end of the last good full pass
  std::optional<base::WallTime> changes_from;  // start of the last good pass, by SES's clock
  std::optional<Doubt> doubt;
  std::optional<Pass> full;  // not finished
  bool merging = false;      // changes that were decided on and not moved over whole: finish() them
};

struct Page {
  std::vector<Listed> entries;
  std::string next_token;  // empty: the last
  base::WallTime when{};   // by this machine's clock
};

struct PageResult {
  Pass pass;                  // after the page
  std::uint64_t skipped = 0;  // of this page
  std::string first_skipped;
};

// What remove() found of an address.
struct Removed {
  bool own = false;     // made here by hand or import
  bool listed = false;  // copied from SES
};

class SyncTarget {
 public:
  virtual ~SyncTarget() = default;

  virtual base::Task<base::Result<SyncState>> sync_state() = 0;
  // What an earlier pass of this kind has left is dropped.
  virtual base::Task<base::Result<void>> begin(PassKind kind, std::string scope, base::WallTime started) = 0;
  // The same page twice is the same as once. not_found: no such pass was begun.
  virtual base::Task<base::Result<PageResult>> add_page(PassKind kind, Page page) = 0;
  virtual base::Task<base::Result<void>> finish(PassKind kind, base::WallTime now) = 0;
  virtual base::Task<base::Result<void>> abandon(PassKind kind, std::optional<Doubt> doubt) = 0;
  // Deletes a slice of what is no longer looked at, or gives disk back. True: there is more.
  virtual base::Task<base::Result<bool>> sweep() = 0;

  // What was written to SES is so here too, whatever a running pass still brings of the time before.
  virtual base::Task<base::Result<void>> put_listed(Listed entry) = 0;
  virtual base::Task<base::Result<Removed>> remove_everywhere(std::string address) = 0;  // own entries too
  virtual base::Task<base::Result<std::vector<Listed>>> spellings(std::string address) = 0;

  // SES's time, to tell a removal from a later listing. Without it: the time of this machine.
  virtual void set_ses_time(std::function<base::WallTime()> now) = 0;
};

}  // namespace postern::suppression
