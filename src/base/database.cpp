#include "postern/base/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "database_files.hpp"
#include "database_schema.hpp"

namespace postern::base {

namespace {

constexpr int busy_timeout_ms = 5000;

// At most a WAL of 4 MB. Fewer than 100 pages gain nothing: the time goes into syncs that come whatever their
// number, one of the WAL, one of the file, and one of the WAL's new header with the next commit.
constexpr SliceBounds checkpoint_pages = {.first = 200, .fewest = 100, .most = 1000};

void close_with_checkpoint(SQLite::Database& db, bool on) {
  sqlite3_db_config(db.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

void set_up(SQLite::Database& db, const DatabaseOptions& options) {
  db.exec("PRAGMA auto_vacuum = INCREMENTAL");  // holds only before the first table and before WAL
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(options.sync == DatabaseOptions::Sync::full ? "PRAGMA synchronous = FULL"
                                                      : "PRAGMA synchronous = NORMAL");
  db.exec(fmt::format("PRAGMA cache_size = -{}", options.cache_kib));
  db.exec(fmt::format("PRAGMA journal_size_limit = {}", std::int64_t{options.wal_kib} * 1024));
  db.exec("PRAGMA temp_store = MEMORY");  // there may be no other folder to write to
}

bool worth_checking(const DatabaseOptions& options, bool unclean) {
  const auto size = size_of_file(options.path);
  return size <= options.check_up_to || (unclean && size <= options.check_after_crash_up_to);
}

// Before anything is written: what is not ours stays as it is.
Result<void> examine(SQLite::Database& db, const DatabaseOptions& options, bool unclean) {
  const int version = version_of(db);
  const auto known = options.migrations.size();
  if (version > static_cast<int>(known))
    return fail(Errc::newer, fmt::format("{} was written by a later version of postern (format {}, this one "
                                         "knows {}): install that, or move the file away",
                                         options.path, version, known));
  if (!has_tables(db)) return {};  // which reads the schema: more than the header has to be sound
  if (version == 0)
    return fail(Errc::invalid, options.path + " is a database of something else; move it away");
  if (!worth_checking(options, unclean)) return {};
  const std::string found = db.execAndGet("PRAGMA quick_check(1)").getString();
  db.exec("PRAGMA shrink_memory");
  if (found != "ok") throw SQLite::Exception(found, SQLITE_CORRUPT);
  return {};
}

// Of the files: those that are there, or new ones.
Result<void> provide_files(const DatabaseOptions& options) {
  const auto checked = check_files(options);
  if (checked.has_error()) return checked.error();
  return size_of_file(options.path) == 0 ? create_file(options) : try_file(options.path);
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  const bool unclean = size_of_file(options.path + "-wal") > 0;
  std::unique_ptr<SQLite::Database> db;
  try {
    if (auto files = provide_files(options); files.has_error()) return files.error();
    db = std::make_unique<SQLite::Database>(options.path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                                            busy_timeout_ms);
    close_with_checkpoint(*db, false);
    if (auto good = examine(*db, options, unclean); good.has_error()) return good.error();
    set_up(*db, options);
    migrate(*db, options.migrations);
    if (auto folder = create_folder(options); folder.has_error()) return folder.error();
    close_with_checkpoint(*db, options.checkpoint_on_close);
    return std::unique_ptr<Database>(new Database(std::move(db), options));
  } catch (const SQLite::Exception& e) {
    const Error error = database_error(options.path, e);
    if (error.code != Errc::corrupt) return error;
    db.reset();
    return set_aside(options, e.what());
  }
}

// The hook takes the place of SQLite's own checkpoint, which would run inside somebody's commit.
Database::Database(std::unique_ptr<SQLite::Database> connection, const DatabaseOptions& options)
    : connection_(std::move(connection)), path_(options.path), slice_(checkpoint_pages, options.clock) {
  const auto note_size = [](void* wal, sqlite3*, const char*, int pages) {
    auto& noted = *static_cast<Wal*>(wal);
    if (pages < noted.pages) noted.copied = 0;  // it has started over
    noted.pages = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(connection_->getHandle(), note_size, &wal_);
}

Database::~Database() = default;

Result<void> Database::checkpoint() {
  slice_.begin();
  const auto done = checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  slice_.end();
  return done;
}

Result<void> Database::checkpoint_whole() {
  return checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

Result<void> Database::checkpoint(int mode) {
  int pages = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_->getHandle(), nullptr, mode, &pages, &copied);
  if (code != SQLITE_OK)
    return database_error("checkpoint of " + path_, SQLite::Exception(connection_->getHandle(), code));
  wal_ = {pages, copied};
  return {};
}

void Database::checkpoint_on_close(bool on) {
  close_with_checkpoint(*connection_, on);
}

int Database::pages() {
  return connection_->execAndGet("PRAGMA page_count").getInt();
}

bool Database::shrink(int keep, int most) {
  const int unused = connection_->execAndGet("PRAGMA freelist_count").getInt();
  if (unused <= keep) return false;
  connection_->exec(fmt::format("PRAGMA incremental_vacuum({})", std::min(unused - keep, most)));
  return true;
}

std::unique_ptr<SQLite::Database> open_reader(const std::string& path, int cache_kib) {
  auto db =
      std::make_unique<SQLite::Database>(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, busy_timeout_ms);
  db->exec(fmt::format("PRAGMA cache_size = -{}", cache_kib));
  return db;
}

StatementReset::~StatementReset() {
  statement_.tryReset();
}

}  // namespace postern::base
