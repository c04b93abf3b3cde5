// What the SQLite databases of the state directory have in common: opening with checks and migrations, one
// writing connection with bounded WAL, reading connections to lend. Used by suppression and ledger.
// A database has one writing connection in the process and it alone checkpoints: SQLite before 3.51.3 can
// corrupt a file when another connection checkpoints while the WAL starts over. Readers are opened read-only.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postern/base/result.hpp"

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
  bool check_all = false;  // reads the whole file: for what is small and must not be silently incomplete
};

// The writing connection. Used by one thread at a time.
class Database {
 public:
  // A file that can't be read is renamed to "<path>.corrupt-<time>" and gives Errc::corrupt; while such a
  // file lies there and `path` does not exist, none is created: the operator decides. Also newer, permission,
  // io.
  static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  SQLite::Database& connection() { return *connection_; }
  // The WAL has outgrown its bound: checkpoint() when nothing else waits. It waits for no reader.
  bool wants_checkpoint() const { return wal_pages_ >= checkpoint_pages; }
  void checkpoint();
  // Gives a slice of free pages back to the file system when they are more than a quarter of the file; fewer
  // are soon used again. True: there are more.
  bool shrink();

 private:
  static constexpr int checkpoint_pages = 1000;
  explicit Database(std::unique_ptr<SQLite::Database> connection);
  std::unique_ptr<SQLite::Database> connection_;
  int wal_pages_ = 0;
};

std::unique_ptr<SQLite::Database> open_reader(const std::string& path, int cache_kib);

// What an exception of SQLite means: corrupt, full, permission, busy or io.
Error database_error(std::string_view what, const std::exception& thrown);

// Resets a statement at the end of the scope: one that is left unfinished holds its transaction open, and the
// WAL grows.
class StatementReset {
 public:
  explicit StatementReset(SQLite::Statement& statement) : statement_(statement) {}
  ~StatementReset();
  StatementReset(const StatementReset&) = delete;
  StatementReset& operator=(const StatementReset&) = delete;

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
