// What the SQLite databases of the state directory have in common: opening with checks and migrations, one
// writing connection with bounded WAL, reading connections to lend. Used by spool, suppression and ledger.
// A database has one writing connection in the process and it alone checkpoints: SQLite before 3.51.3 can
// corrupt a file when another connection checkpoints while the WAL starts over. Readers are opened read-only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/base/slice.hpp"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace postern::base {

struct DatabaseOptions {
  enum class Sync { normal, full };
  std::string path;
  std::vector<const char*> migrations;  // [i] leads from version i to i + 1; only forward
  Sync sync = Sync::full;
  int cache_kib = 256;
  int wal_kib = 4096;  // what the WAL keeps of its size when it starts over
  // Files that the rows name. Made when the database is whole, and set aside with it: an empty database
  // beside this folder has lost its content, one without it is of a first start that was cut.
  std::string folder;
  // quick_check reads the whole file: done up to this size, and up to the other when the last process did
  // not close the database. Beyond, a bad page shows when it is read.
  std::uintmax_t check_up_to = 0;
  std::uintmax_t check_after_crash_up_to = 0;
  bool checkpoint_on_close = true;  // see the function
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
};

// The writing connection. Used by one thread at a time.
class Database {
 public:
  // A file that can't be read is set aside, and gives Errc::corrupt; while such a file lies there and `path`
  // does not exist, none is created: the operator decides. Also newer, invalid (a database of something
  // else), permission, not_found (no such directory), busy, full, io.
  static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  SQLite::Database& connection() { return *connection_; }

  // Pages of the WAL that are not in the file yet.
  int wal_pages() const { return wal_.pages - wal_.copied; }
  // There are as many of them as one slice can copy and sync: checkpoint() in a turn of its own.
  bool wants_checkpoint() const { return wal_pages() >= static_cast<int>(slice_.size()); }
  Result<void> checkpoint();        // waits for no reader
  Result<void> checkpoint_whole();  // waits for readers, and leaves an empty WAL
  // Closing the last connection copies the WAL into the database: not after a failed sync.
  void checkpoint_on_close(bool on);

  int pages();  // of the file
  // Gives up to `most` pages back to the file system, of the free ones beyond `keep`: those are soon used
  // again. True: it did.
  bool shrink(int keep, int most);

 private:
  struct Wal {
    int pages = 0, copied = 0;
  };
  Database(std::unique_ptr<SQLite::Database> connection, const DatabaseOptions& options);
  Result<void> checkpoint(int mode);
  std::unique_ptr<SQLite::Database> connection_;
  std::string path_;
  Wal wal_;
  Slice slice_;
};

// Renames a database that was found corrupt, with its WAL and folder, to "<path>.corrupt-<time>"; the error
// says so. After its connections are closed.
Error set_aside(const DatabaseOptions& options, std::string_view why);

std::unique_ptr<SQLite::Database> open_reader(const std::string& path, int cache_kib);

// What an exception of SQLite means, as corrupt, full, permission, busy, exists (a constraint), invalid (the
// statement or a value), unavailable (no memory) or io.
Error database_error(std::string_view what, const std::exception& thrown);

// What to do about it.
enum class Severity {
  item,   // this one request is wrong; the others may go on
  full,   // no room on the disk; later perhaps
  busy,   // a foreign process holds the database
  broken  // disk or data: nothing may be acknowledged any more
};
Severity severity_of(const Error& of_database);

// A prepared statement for one use. Resetting it at the end matters: one that is left unfinished holds its
// snapshot open, and the WAL can't start over.
class StatementReset {
 public:
  explicit StatementReset(SQLite::Statement& statement) : statement_(statement) {}
  ~StatementReset();
  StatementReset(const StatementReset&) = delete;
  StatementReset& operator=(const StatementReset&) = delete;
  SQLite::Statement* operator->() const { return &statement_; }
  SQLite::Statement& operator*() const { return statement_; }

 private:
  SQLite::Statement& statement_;
};

// Lends a T, built from the path of the database, to each thread that asks at the same time: a connection
// with its prepared statements is used by one thread only, and there are as many as threads of the pool.
template <class T>
class Readers {
 public:
  explicit Readers(std::string path) : path_(std::move(path)) {}

  template <class F>
  auto with(F fn) {
    std::unique_ptr<T> reader = take();
    auto result = fn(*reader);
    give_back(std::move(reader));  // not when fn throws: a connection that failed is closed
    return result;
  }

 private:
  std::unique_ptr<T> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto reader = std::move(idle_.back());
        idle_.pop_back();
        return reader;
      }
    }
    return std::make_unique<T>(path_);
  }
  void give_back(std::unique_ptr<T> reader) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(reader));
  }

  std::string path_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace postern::base
