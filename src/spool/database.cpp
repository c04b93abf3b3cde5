#include "database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "schema.hpp"

namespace postern::spool {

namespace fs = std::filesystem;
using base::Errc;
using base::Result;

namespace {

constexpr int busy_timeout_ms = 5000;

// PRAGMA quick_check reads every page, roughly 0.5 GB/s from the page cache and far less from a cold disk,
// and the start has 10 s in all. So: always when the file is small; up to a larger size when the last run did
// not end with close() (its log is still there). Beyond that a bad page shows when it is read, and the spool
// fails then.
constexpr std::uintmax_t check_always_below = 64U << 20;
constexpr std::uintmax_t check_after_crash_below = 512U << 20;

std::uintmax_t size_of(const std::string& path) {
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  return missing ? 0 : size;
}

Result<void> sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return base::system_error(path, errno);
  const int failed = ::fsync(fd) < 0 ? errno : 0;
  ::close(fd);
  if (failed) return base::system_error(path, failed);
  return {};
}

// SQLite would create the file readable for all; log and index take their mode from it.
Result<void> create_file(const Paths& paths) {
  const int fd = ::open(paths.database.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return base::system_error(paths.database, errno);
  ::close(fd);
  return sync_directory(fs::path(paths.database).parent_path());
}

// Made when the database is whole: a database that is empty beside its bodies has lost its content.
Result<void> create_bodies(const Paths& paths) {
  if (::mkdir(paths.bodies.c_str(), 0700) < 0) {
    if (errno == EEXIST) return {};
    return base::system_error(paths.bodies, errno);
  }
  return sync_directory(fs::path(paths.database).parent_path());
}

bool was_emptied(const Paths& paths) {
  std::error_code ignored;
  return fs::exists(paths.database, ignored) && size_of(paths.database) == 0 &&
         size_of(paths.database + "-wal") == 0 && fs::exists(paths.bodies, ignored);
}

// A database that was set aside at an earlier start and still lies there, while there is no other.
std::string set_aside_before(const Paths& paths) {
  std::error_code ignored;
  if (fs::exists(paths.database, ignored)) return {};
  const fs::path path(paths.database);
  for (const auto& entry : fs::directory_iterator(path.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    const bool part = name.ends_with("-wal") || name.ends_with("-shm");
    if (name.starts_with(path.filename().string() + ".corrupt-") && !part) return entry.path().string();
  }
  return {};
}

std::string stamp() {
  std::string text = base::to_rfc3339(base::SystemClock().wall_now());  // 2026-11-24T10:15:30.123Z
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return text;
}

bool move_if_there(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT;
}

bool worth_checking(const Paths& paths, bool unclean) {
  const auto size = size_of(paths.database);
  return size <= check_always_below || (unclean && size <= check_after_crash_below);
}

// Empty: all is well.
std::string quick_check(SQLite::Database& db) {
  const std::string verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
  return verdict == "ok" ? "" : verdict;
}

// auto_vacuum can be chosen only before the first page is written, so it goes before journal_mode.
void configure(SQLite::Database& db) {
  db.exec("PRAGMA auto_vacuum=INCREMENTAL");
  db.exec("PRAGMA journal_mode=WAL");
  db.exec("PRAGMA synchronous=FULL");
  db.exec("PRAGMA wal_autocheckpoint=0");
  db.exec("PRAGMA journal_size_limit=16777216");
  db.exec("PRAGMA cache_size=-4096");
  db.exec("PRAGMA temp_store=MEMORY");
}

Result<void> prepare(SQLite::Database& db, const Paths& paths, bool unclean) {
  db.setBusyTimeout(busy_timeout_ms);
  const int version = schema_version(db);
  const bool used = has_tables(db);
  if (version > schema_version())
    return base::fail(Errc::newer, paths.database + " was written by a later version of postern (format " +
                                       std::to_string(version) + ", this one knows " +
                                       std::to_string(schema_version()) + ")");
  if (used && version == 0)
    return base::fail(Errc::invalid, paths.database + " is a database of something else; move it away");
  if (used && worth_checking(paths, unclean)) {
    const std::string problem = quick_check(db);
    if (!problem.empty()) throw SQLite::Exception(problem, SQLITE_CORRUPT);
  }
  configure(db);
  migrate(db);
  return {};
}

}  // namespace

Paths paths_in(const std::string& directory) {
  const std::string absolute = fs::absolute(directory).lexically_normal();
  return {.database = fs::path(absolute) / "spool.db", .bodies = fs::path(absolute) / "bodies"};
}

// The body files go along: the next start would sweep them as orphans of an empty spool.
base::Error set_aside(const Paths& paths, std::string_view why) {
  const std::string suffix = ".corrupt-" + stamp();
  const std::string there = paths.database + suffix;
  const std::string fault = paths.database + " is corrupt (" + std::string(why) + "). ";
  bool moved = move_if_there(paths.bodies, paths.bodies + suffix);
  for (const char* part : {"-wal", "-shm", ""}) {
    moved = move_if_there(paths.database + part, there + part) && moved;
  }
  if (!moved) return base::fail(Errc::corrupt, fault + "It could not be renamed; move it away by hand.");
  return base::fail(
      Errc::corrupt,
      fault + "It is now " + there + ", its large bodies " + paths.bodies + suffix +
          ". Queued mail may be recovered from it: sqlite3 '" + there +
          "' .recover. No other spool is begun while it lies there: recover it, or move it away.");
}

void checkpoint_on_close(SQLite::Database& db, bool on) {
  sqlite3_db_config(db.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

Result<std::unique_ptr<SQLite::Database>> open_database(const Paths& paths) {
  const bool unclean = size_of(paths.database + "-wal") > 0;
  if (const auto aside = set_aside_before(paths); !aside.empty())
    return base::fail(Errc::corrupt, paths.database + " was found corrupt and is now " + aside +
                                         ". Recover it (sqlite3 '" + aside +
                                         "' .recover) or move it away; no other spool is begun before.");
  if (was_emptied(paths)) return set_aside(paths, "it is empty");
  if (auto created = create_file(paths); created.has_error()) return created.error();
  std::unique_ptr<SQLite::Database> db;
  try {
    db = std::make_unique<SQLite::Database>(paths.database, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    checkpoint_on_close(*db, false);
    if (auto ready = prepare(*db, paths, unclean); ready.has_error()) return ready.error();
    if (auto bodies = create_bodies(paths); bodies.has_error()) return bodies.error();
    return db;
  } catch (const SQLite::Exception& e) {
    if (!is_corruption(e)) return classify(e, paths.database).error;
    db.reset();
    return set_aside(paths, e.what());
  }
}

std::unique_ptr<SQLite::Database> open_reader(const Paths& paths) {
  auto db = std::make_unique<SQLite::Database>(paths.database, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX,
                                               busy_timeout_ms);
  db->exec("PRAGMA cache_size=-1024");
  return db;
}

}  // namespace postern::spool
