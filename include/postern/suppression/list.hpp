// The suppression list: addresses that must not be mailed, with reason, source and time. SQLite
// (suppression.db). Look-up compares without case; entries are kept as they were given. Entries made here and
// the copy of SES's list (sync_target.hpp) lie beside each other: neither overwrites the other. Reads run on
// the disk pool, writes on the books writer; called on the loop, results come back there. Of an address that
// is not listed this is known in memory, without a hop or query, for all but about one in a hundred, as soon
// as a filter has been built in the background after the start.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postern/base/books_writer.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"

namespace postern::suppression {

struct Entry {
  std::string address;  // as listed
  std::string reason;   // BOUNCE, COMPLAINT, MANUAL
  std::string source;   // "ses account list", "manual", "import"
  base::WallTime since{};
  bool ses = false;  // SES's list has it too, or alone
  // What else is listed for the same address, without a rank: it is suppressed when any of them counts.
  std::vector<Entry> also{};
};

class SyncTarget;

// many: worth reading the whole list once, for 1.5 bytes an entry of memory. few: each goes to the disk.
enum class LookUps { many, few };

class List {
 public:
  // Errors as spool::Spool::open.
  static base::Result<std::unique_ptr<List>> open(const std::string& directory, base::Executor loop,
                                                  base::Pool& disk, base::BooksWriter& writer, base::Log& log,
                                                  base::Metrics& metrics, LookUps expected = LookUps::many);
  virtual ~List() = default;
  // Ends what runs in the background, so that the pools can be joined; calls are answered as before.
  virtual void stop() {}

  // Of several entries the one made by hand, then the one of SES; the others are in `also`.
  virtual base::Task<base::Result<std::optional<Entry>>> find(std::string address) = 0;
  virtual base::Task<base::Result<void>> add(Entry entry) = 0;  // replaces an own entry of the same address
  // Own entry and copy of SES's. Where SES goes on listing it (Entry::ses of find() before), it comes back
  // with the next full pass that begins later. false: was not on it.
  virtual base::Task<base::Result<bool>> remove(std::string address) = 0;
  virtual base::Task<base::Result<std::size_t>> import(
      std::vector<Entry> entries) = 0;  // in slices; gives how many were new
  virtual base::Task<base::Result<std::vector<Entry>>> list(std::size_t limit,
                                                            std::string after_address) = 0;  // by look-up key
  virtual std::uint64_t size() const = 0;                                                    // of addresses
  // The same object, for who keeps it in step with SES.
  virtual SyncTarget* sync_target() { return nullptr; }
};

// The text form of import and export: "address,reason,since" a line, header line and "#" comments allowed,
// also a bare address a line. Pure. Bad lines are reported with their number.
struct ImportProblem {
  std::size_t line;
  std::string message;
};
struct Imported {
  std::vector<Entry> entries;
  std::vector<ImportProblem> problems;
};
Imported parse_import(std::string_view text, base::WallTime now);
std::string format_export(const std::vector<Entry>& entries);

}  // namespace postern::suppression
