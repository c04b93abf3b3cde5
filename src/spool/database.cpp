#include "database.hpp"

#include <SQLiteCpp/Database.h>

#include <filesystem>

#include "schema.hpp"

namespace postern::spool {

namespace fs = std::filesystem;

namespace {

constexpr int writer_cache_kib = 4096;
constexpr int reader_cache_kib = 1024;
constexpr int wal_kib = 16384;

// PRAGMA quick_check reads every page, roughly 0.5 GB/s from the page cache and far less from a cold disk,
// and the start has 10 s in all. So: always when the file is small; up to a larger size when the last run did
// not end with close(). Beyond that a bad page shows when it is read, and the spool fails then.
constexpr std::uintmax_t check_always = 64U << 20;
constexpr std::uintmax_t check_after_crash = 512U << 20;

}  // namespace

Paths paths_in(const std::string& directory) {
  const std::string absolute = fs::absolute(directory).lexically_normal();
  return {.database = fs::path(absolute) / "spool.db", .bodies = fs::path(absolute) / "bodies"};
}

base::DatabaseOptions database_options(const Paths& paths) {
  base::DatabaseOptions options;
  options.path = paths.database;
  options.migrations = migrations();
  options.cache_kib = writer_cache_kib;
  options.wal_kib = wal_kib;
  options.folder = paths.bodies;
  options.check_up_to = check_always;
  options.check_after_crash_up_to = check_after_crash;
  options.checkpoint_on_close = false;
  return options;
}

std::unique_ptr<SQLite::Database> open_reader(const Paths& paths) {
  return base::open_reader(paths.database, reader_cache_kib);
}

}  // namespace postern::spool
