#include "postern/base/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "postern/base/clock.hpp"

namespace postern::base {

namespace fs = std::filesystem;

namespace {

std::string corrupt_prefix(const std::string& path) {
  return fs::path(path).filename().string() + ".corrupt-";
}

// The name of a set-aside file of this database, empty without.
std::string set_aside_before(const std::string& path) {
  std::error_code ignored;
  const std::string prefix = corrupt_prefix(path);
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && !name.ends_with("-wal")) return entry.path().string();
  }
  return {};
}

// 2026-11-24T10:15:30.123Z -> 20261124T101530Z
std::string compact_time() {
  std::string out;
  for (const char c : to_rfc3339(SystemClock().wall_now())) {
    if (c == '.') break;
    if (c != '-' && c != ':') out += c;
  }
  return out + "Z";
}

std::string remedy(const std::string& path, const std::string& aside) {
  return fmt::format(
      "what is left can be recovered with: sqlite3 {} .recover | sqlite3 {}; or move that file away to start "
      "with an empty one",
      aside, path);
}

// The WAL goes along: SQLite would replay it into whatever is created under the old name.
Error set_aside(const std::string& path, std::string_view why) {
  const std::string aside = (fs::path(path).parent_path() / (corrupt_prefix(path) + compact_time())).string();
  std::error_code failed;
  std::error_code ignored;
  fs::rename(path, aside, failed);
  if (failed)
    return fail(Errc::corrupt,
                fmt::format("{} is corrupt ({}) and can't be renamed: {}", path, why, failed.message()));
  fs::rename(path + "-wal", aside + "-wal", ignored);
  fs::remove(path + "-shm", ignored);
  return fail(Errc::corrupt, fmt::format("{} is corrupt ({}); it was set aside as {}; {}", path, why, aside,
                                         remedy(path, aside)));
}

// SQLite would create the file readable for all; its WAL takes the mode from it.
Result<void> create_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return system_error("open " + path, errno);
  ::close(file);
  return {};
}

int version_of(SQLite::Database& db) {
  return db.execAndGet("PRAGMA user_version").getInt();
}

void migrate(SQLite::Database& db, const std::vector<const char*>& migrations) {
  for (auto at = static_cast<std::size_t>(version_of(db)); at < migrations.size(); ++at) {
    SQLite::Transaction transaction(db);
    db.exec(migrations[at]);
    db.exec(fmt::format("PRAGMA user_version = {}", at + 1));
    transaction.commit();
  }
}

void set_up(SQLite::Database& db, const DatabaseOptions& options) {
  db.exec("PRAGMA auto_vacuum = INCREMENTAL");  // holds only before the first table and before WAL
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(options.sync == DatabaseOptions::Sync::full ? "PRAGMA synchronous = FULL"
                                                      : "PRAGMA synchronous = NORMAL");
  db.exec(fmt::format("PRAGMA cache_size = -{}", options.cache_kib));
  db.exec("PRAGMA journal_size_limit = 4194304");
  db.exec("SELECT count(*) FROM sqlite_schema");  // reads the schema: more than the header has to be sound
}

int note_wal_size(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

Result<void> sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return system_error("open " + path, errno);
  const int failed = ::fsync(directory) < 0 ? errno : 0;
  ::close(directory);
  if (failed != 0) return system_error("fsync " + path, failed);
  return {};
}

// Made whole under another name first: an empty file under the right one has lost its content, then, and is
// no first start that was cut.
Result<void> create(const DatabaseOptions& options) {
  const std::string fresh = options.path + ".new";
  std::error_code failed;
  for (const char* part : {"", "-wal", "-shm"}) fs::remove(fresh + part, failed);
  const auto created = create_private(fresh);
  if (created.has_error()) return created.error();
  {
    SQLite::Database db(fresh, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, 1000);
    set_up(db, options);
    migrate(db, options.migrations);
  }
  fs::rename(fresh, options.path, failed);
  if (failed)
    return fail(Errc::io, fmt::format("rename {} to {}: {}", fresh, options.path, failed.message()));
  return sync_directory(fs::path(options.path).parent_path());
}

bool is_empty(const std::string& path) {
  std::error_code ignored;
  return fs::file_size(path, ignored) == 0 && !fs::exists(path + "-wal", ignored);
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  const std::string& path = options.path;
  if (!fs::exists(path)) {
    const std::string aside = set_aside_before(path);
    if (!aside.empty())
      return fail(Errc::corrupt, fmt::format("{} was found corrupt and set aside as {}; {}", path, aside,
                                             remedy(path, aside)));
  } else if (is_empty(path)) {
    return set_aside(path, "it is empty");
  }
  try {
    if (!fs::exists(path)) {
      const auto created = create(options);
      if (created.has_error()) return created.error();
    }
    auto db = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, 1000);
    const int version = version_of(*db);
    if (version > static_cast<int>(options.migrations.size()))
      return fail(Errc::newer, fmt::format("{} has version {}, this program knows {}: it was written by a "
                                           "later postern; install that or move the file away",
                                           path, version, options.migrations.size()));
    set_up(*db, options);
    migrate(*db, options.migrations);
    if (options.check_all) {
      const std::string found = db->execAndGet("PRAGMA quick_check(1)").getString();
      db->exec("PRAGMA shrink_memory");
      if (found != "ok") {
        db.reset();
        return set_aside(path, found);
      }
    }
    return std::unique_ptr<Database>(new Database(std::move(db)));
  } catch (const SQLite::Exception& e) {
    const Error error = database_error("open " + path, e);
    if (error.code == Errc::corrupt) return set_aside(path, e.what());
    return error;
  }
}

Database::Database(std::unique_ptr<SQLite::Database> connection) : connection_(std::move(connection)) {
  // Takes the place of SQLite's own checkpoint, which would run inside somebody's commit.
  sqlite3_wal_hook(connection_->getHandle(), note_wal_size, &wal_pages_);
}

Database::~Database() = default;

void Database::checkpoint() {
  wal_pages_ = 0;  // also when a reader stopped it: the next commit tells the size again
  sqlite3_wal_checkpoint_v2(connection_->getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

bool Database::shrink() {
  const int pages = connection_->execAndGet("PRAGMA page_count").getInt();
  const int unused = connection_->execAndGet("PRAGMA freelist_count").getInt();
  if (unused <= pages / 4) return false;
  connection_->exec("PRAGMA incremental_vacuum(200)");
  return true;
}

std::unique_ptr<SQLite::Database> open_reader(const std::string& path, int cache_kib) {
  auto db = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, 1000);
  db->exec(fmt::format("PRAGMA cache_size = -{}", cache_kib));
  return db;
}

StatementReset::~StatementReset() {
  statement_.tryReset();
}

Error database_error(std::string_view what, const std::exception& thrown) {
  Errc code = Errc::io;
  if (const auto* e = dynamic_cast<const SQLite::Exception*>(&thrown)) {
    switch (e->getErrorCode() & 0xff) {
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        code = Errc::corrupt;
        break;
      case SQLITE_FULL:
        code = Errc::full;
        break;
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        code = Errc::busy;
        break;
      case SQLITE_CANTOPEN:
      case SQLITE_PERM:
      case SQLITE_READONLY:
        code = Errc::permission;
        break;
      default:
        break;
    }
  }
  return fail(code, fmt::format("{}: {}", what, thrown.what()));
}

}  // namespace postern::base
