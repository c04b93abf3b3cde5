#include "database_files.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "database_schema.hpp"
#include "postern/base/clock.hpp"

namespace postern::base {

namespace fs = std::filesystem;

namespace {

constexpr std::array parts = {"-wal", "-shm", ""};

std::string directory_of(const std::string& path) {
  return fs::path(path).parent_path();
}

// 2026-11-24T10:15:30.123Z -> 20261124T101530123Z
std::string compact_time() {
  std::string text = to_rfc3339(SystemClock().wall_now());
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return text;
}

bool is_part(const std::string& name) {
  return name.ends_with("-wal") || name.ends_with("-shm");
}

// The name of a set-aside file of this database, empty without.
std::string set_aside_before(const std::string& path) {
  std::error_code ignored;
  const std::string prefix = fs::path(path).filename().string() + ".corrupt-";
  for (const auto& entry : fs::directory_iterator(directory_of(path), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && !is_part(name)) return entry.path().string();
  }
  return {};
}

// Not every sqlite3 is compiled with .recover, that of Debian 12 is not.
std::string remedy(const std::string& aside) {
  return fmt::format(
      "What is left may be recovered from it: sqlite3 '{0}' .recover (where that is missing: .dump). No "
      "other "
      "is begun while it lies there: recover it, or move it away",
      aside);
}

bool move_if_there(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT;
}

Result<void> sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return system_error("open " + path, errno);
  const int failed = ::fsync(directory) < 0 ? errno : 0;
  ::close(directory);
  if (failed != 0) return system_error("fsync " + path, failed);
  return {};
}

Result<void> open_and_close(const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0) return system_error("open " + path, errno);
  ::close(file);
  return {};
}

}  // namespace

std::uintmax_t size_of_file(const std::string& path) {
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  return missing ? 0 : size;
}

// SQLite would create the file readable for all; its WAL takes the mode from it. Made whole under another
// name first: an empty file under the right one has lost its content, then, and is no first start that was
// cut. Without a WAL, so that all of it is in the file that is renamed.
Result<void> create_file(const DatabaseOptions& options) {
  const std::string fresh = options.path + ".new";
  std::error_code failed;
  for (const char* part : {"", "-wal", "-shm", "-journal"}) fs::remove(fresh + part, failed);
  // Of another database that had this name: SQLite would replay them into this one.
  for (const char* part : {"-wal", "-shm", "-journal"}) fs::remove(options.path + part, failed);
  const auto created = open_and_close(fresh, O_RDWR | O_CREAT);
  if (created.has_error()) return created.error();
  {
    SQLite::Database db(fresh, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");  // holds only before the first table
    migrate(db, options.migrations);
  }
  if (std::rename(fresh.c_str(), options.path.c_str()) < 0)
    return system_error(fmt::format("rename {} to {}", fresh, options.path), errno);
  return sync_directory(directory_of(options.path));
}

Result<void> create_folder(const DatabaseOptions& options) {
  if (options.folder.empty()) return {};
  if (::mkdir(options.folder.c_str(), 0700) < 0) {
    if (errno == EEXIST) return {};
    return system_error("mkdir " + options.folder, errno);
  }
  return sync_directory(directory_of(options.path));
}

Result<void> try_file(const std::string& path) {
  return open_and_close(path, O_RDWR);
}

// An empty database takes no notice of a WAL beside it: SQLite deletes that.
Result<void> check_files(const DatabaseOptions& options) {
  std::error_code ignored;
  if (!fs::exists(options.path, ignored)) {
    const std::string aside = set_aside_before(options.path);
    if (aside.empty()) return {};
    return fail(Errc::corrupt,
                fmt::format("{} was found corrupt and is now {}. {}", options.path, aside, remedy(aside)));
  }
  const bool expects_content = options.folder.empty() || fs::exists(options.folder, ignored);
  if (size_of_file(options.path) == 0 && expects_content) return set_aside(options, "it is empty");
  return {};
}

// The WAL goes along: SQLite would replay it into whatever is created under the old name. The folder too: its
// files would be swept as orphans of an empty database.
Error set_aside(const DatabaseOptions& options, std::string_view why) {
  const std::string suffix = ".corrupt-" + compact_time();
  const std::string there = options.path + suffix;
  bool moved = options.folder.empty() || move_if_there(options.folder, options.folder + suffix);
  for (const char* part : parts) moved = move_if_there(options.path + part, there + part) && moved;
  const std::string fault = fmt::format("{} is corrupt ({}). ", options.path, why);
  if (!moved) return fail(Errc::corrupt, fault + "It could not be renamed; move it away by hand");
  const std::string folder = options.folder.empty()
                                 ? ""
                                 : fmt::format(", and {} is now {}", options.folder, options.folder + suffix);
  return fail(Errc::corrupt, fmt::format("{}It is now {}{}. {}", fault, there, folder, remedy(there)));
}

}  // namespace postern::base
