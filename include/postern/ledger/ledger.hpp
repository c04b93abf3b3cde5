// What became of every message: a row for every (message, recipient, attempt), searchable. SQLite (ledger.db,
// synchronous NORMAL). Idempotent: the same attempt written twice is one row, since settle writes here first,
// then to the spool. Called on the loop; writes are gathered on the books writer, reads run on the disk pool.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postern/base/books_writer.hpp"
#include "postern/base/log.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"

namespace postern::ledger {

enum class Status { sent, deferred, bounced, suppressed, held };
std::string_view to_string(Status status);

struct Row {
  std::string id;     // of the message
  int recipient = 0;  // its number
  int attempt = 0;    // from 1; 0 for what never was tried (suppressed)
  base::WallTime time{};
  base::WallTime arrived{};
  std::string from, to;
  std::string stream, client;
  std::uint64_t size = 0;
  Status status = Status::sent;
  std::string relay;  // host[ip]:port
  std::string dsn;    // 2.0.0
  std::string reply;
  std::string ses_id;
  std::string reason;                 // outcome's or suppression's word
  std::string spf, dmarc, alignment;  // of the message, see Alignment; read, never written with the row
};

// What receivers were found likely to think of a message, when it was accepted.
struct Alignment {
  std::string id;      // of the message
  std::string spf;     // RFC 7208's word
  std::string dmarc;   // pass, fail, none, permerror, temperror
  std::string detail;  // the leg that passes, or what is wrong
};

struct Query {
  std::string to, from, id, ses_id;     // empty: any; compared without case
  std::optional<base::WallTime> since;  // of the row, not of the message's arrival
  std::size_t limit = 1000;
};

// Rows that are older than the newest one by more than `retention` are deleted, in slices.
struct Options {
  base::Duration retention = std::chrono::hours(24 * 30);
};

class Ledger {
 public:
  // Errors as suppression::List::open.
  static base::Result<std::unique_ptr<Ledger>> open(const std::string& directory, base::Executor loop,
                                                    base::Pool& disk, base::BooksWriter& writer,
                                                    base::Log& log, Options options = {});
  virtual ~Ledger() = default;
  // Returns at once. Rows that can't be written, or are more than the queue takes when the disk hangs, are
  // lost; the log says so.
  virtual void record(std::vector<Row> rows) = 0;
  virtual void record(Alignment found) = 0;  // likewise; once a message
  virtual base::Task<base::Result<void>> record_and_wait(
      std::vector<Row> rows) = 0;  // committed (not synced) when it returns
  virtual base::Task<base::Result<std::vector<Row>>> search(Query query) = 0;  // newest first
};

}  // namespace postern::ledger
