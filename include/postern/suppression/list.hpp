// The suppression list: addresses that must not be mailed, with reason, source and time. SQLite
// (suppression.db). Look-up compares without case; entries are kept as they were given. Reads run on the disk
// pool, writes on the books writer; called on the loop, results come back there. An empty list costs nothing:
// no hop, no query.
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
};

class List {
 public:
  // Errors as spool::Spool::open.
  static base::Result<std::unique_ptr<List>> open(const std::string& directory, base::Executor loop,
                                                  base::Pool& disk, base::BooksWriter& writer, base::Log& log,
                                                  base::Metrics& metrics);
  virtual ~List() = default;

  virtual base::Task<base::Result<std::optional<Entry>>> find(std::string address) = 0;
  virtual base::Task<base::Result<void>> add(Entry entry) = 0;  // replaces an entry of the same address
  virtual base::Task<base::Result<bool>> remove(std::string address) = 0;  // false: was not on it
  virtual base::Task<base::Result<std::size_t>> import(
      std::vector<Entry> entries) = 0;  // in slices; gives how many were new
  virtual base::Task<base::Result<std::vector<Entry>>> list(std::size_t limit,
                                                            std::string after_address) = 0;  // by look-up key
  virtual std::uint64_t size() const = 0;
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
