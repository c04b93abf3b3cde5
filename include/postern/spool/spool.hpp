// The hourglass's neck: accepts a message durably, gives it back, settles it. SQLite in WAL mode,
// synchronous=FULL. One writer thread gathers what is queued into one transaction and one fsync, then resumes
// all waiters; batches by what is there, never by a timer. A failed commit fails every waiter of the batch
// and closes the spool (Errc::io from then on, `failed()` true): nothing is acknowledged that is not on disk.
// Called on the loop; results come back on the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/spool/message.hpp"

namespace postern::spool {

// What became of one recipient in one attempt.
struct Settlement {
  enum class Kind { done, retry, hold };  // done: delivered, bounced, or deleted: the row goes
  int number = 0;
  Kind kind = Kind::done;
  base::WallTime due{};       // retry
  bool count_attempt = true;  // false: the connection failed, not the message
  std::string hold_reason;    // hold
  std::string reply;
};

struct Totals {
  std::uint64_t queued = 0, held = 0;  // recipients
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;               // of content
  std::optional<base::WallTime> oldest;  // arrival of the oldest message
};

class Spool {
 public:
  struct Options {
    std::string directory;  // holds spool.db and bodies/
  };

  // Creates or opens; sweeps body files that no row names, holds messages whose body file is gone. Errors:
  // corrupt (the file and bodies/ were renamed to *.corrupt-<time>, the message says where they are and how
  // mail may be got out; nothing is created in their place, so exit), newer, permission, busy, full, io, and
  // invalid for a database that is none of ours. Blocking; before the loop runs.
  static base::Result<std::unique_ptr<Spool>> open(Options options, base::Executor loop, base::Log& log,
                                                   base::Metrics& metrics);
  virtual ~Spool() = default;

  // Durable when it returns without error. Then every subscriber has been told. Errors: full (the disk; the
  // spool goes on), exists, invalid, busy (a foreign process holds the database), closed, io.
  virtual base::Task<base::Result<void>> append(MessagePtr message) = 0;
  // Recipients that are settled already are passed over; the message goes with its last one. A recipient that
  // the operator holds meanwhile stays held on retry. not_found: the message is gone, e.g. removed.
  virtual base::Task<base::Result<void>> settle(std::string id, std::vector<Settlement> settlements) = 0;

  // Told on the loop of each message that was appended (by this process).
  virtual void subscribe(std::function<void(MessagePtr)> appended) = 0;

  // Up to `limit` messages with recipients due by `now`, at most `per_stream` a stream, streams in turn (from
  // call to call), first attempts before retries, without those in `skip`. Only the due, not held recipients
  // are in them. The content is loaded by load(): here, and in list(), there is only content.size().
  virtual base::Task<base::Result<std::vector<MessagePtr>>> due(base::WallTime now, std::size_t limit,
                                                                std::size_t per_stream,
                                                                std::set<std::string> skip) = 0;
  virtual base::Task<base::Result<std::optional<base::WallTime>>>
  next_due() = 0;  // of what is queued; nullopt: nothing is
  virtual base::Task<base::Result<MessagePtr>> load(
      std::string id) = 0;  // with content and all recipients; not_found

  // For the operator. Counts are of messages touched; `id` may be "all".
  virtual base::Task<base::Result<std::vector<MessagePtr>>> list(std::size_t limit,
                                                                 std::string after_id) = 0;  // no content
  virtual base::Task<base::Result<std::size_t>> make_due(std::string id, base::WallTime now) = 0;  // flush
  virtual base::Task<base::Result<std::size_t>> hold(std::string id, std::string reason) = 0;
  virtual base::Task<base::Result<std::size_t>> release(std::string id, base::WallTime now) = 0;
  virtual base::Task<base::Result<std::size_t>> remove(std::string id) = 0;
  virtual base::Task<base::Result<void>> make_all_due(base::WallTime now) = 0;  // at start

  virtual Totals totals() const = 0;  // kept in memory, exact; `oldest` is that of the lowest id
  virtual bool failed() const = 0;
  virtual std::string new_body_path(const std::string& id) const = 0;
  // Commits what is queued, checkpoints, joins the threads. Blocks; the waiters resume when the loop runs on.
  // Errc::closed from then on.
  virtual void close() = 0;
};

}  // namespace postern::spool
