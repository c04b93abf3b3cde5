#include "postern/base/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "support/faulty_vfs.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace postern::base {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct DatabaseTest : testing::Test {
  support::TempDir directory;
  DatabaseOptions options;
  std::unique_ptr<Database> database;

  DatabaseTest() {
    options.path = directory.file("things.db");
    options.migrations = {"CREATE TABLE thing(a TEXT NOT NULL)"};
  }
  Result<void> try_open() {
    database.reset();
    auto opened = Database::open(options);
    if (opened.has_error()) return opened.error();
    database = std::move(*opened);
    return {};
  }
  void open() { try_open().value(); }
  Error error() {
    const auto opened = try_open();
    return opened.has_error() ? opened.error() : Error{Errc::io, "it was opened"};
  }
  void put(const std::string& text) {
    SQLite::Statement insert(database->connection(), "INSERT INTO thing VALUES (?)");
    insert.bind(1, text);
    insert.exec();
  }
  int count() { return database->connection().execAndGet("SELECT count(*) FROM thing").getInt(); }
  static void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The files of the directory that begin so, without WAL and index.
  std::vector<std::string> named(const std::string& prefix) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory.path())) {
      const std::string name = entry.path().filename();
      if (name.starts_with(prefix) && !name.ends_with("-wal") && !name.ends_with("-shm"))
        found.push_back(name);
    }
    return found;
  }
};

TEST_F(DatabaseTest, is_made_for_its_owner_only_and_can_shrink) {
  open();
  put("a");
  for (const std::string part : {"", "-wal"}) {
    struct stat status {};
    ASSERT_EQ(::stat((options.path + part).c_str(), &status), 0) << part;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << part;
  }
  EXPECT_EQ(database->connection().execAndGet("PRAGMA auto_vacuum").getInt(), 2);
  EXPECT_EQ(database->connection().execAndGet("PRAGMA journal_mode").getString(), "wal");
}

TEST_F(DatabaseTest, goes_on_from_the_version_of_the_file) {
  open();
  put("a");
  options.migrations.push_back("ALTER TABLE thing ADD COLUMN b TEXT NOT NULL DEFAULT 'new'");
  open();
  EXPECT_EQ(database->connection().execAndGet("SELECT a || b FROM thing").getString(), "anew");
  EXPECT_EQ(database->connection().execAndGet("PRAGMA user_version").getInt(), 2);
}

TEST_F(DatabaseTest, leaves_a_later_version_as_it_is) {
  open();
  database.reset();
  SQLite::Database(options.path, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 2");
  const std::string before = read(options.path);
  EXPECT_EQ(error().code, Errc::newer);
  EXPECT_EQ(read(options.path), before);
}

TEST_F(DatabaseTest, leaves_a_database_of_something_else_as_it_is) {
  SQLite::Database(options.path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE photo(a)");
  const std::string before = read(options.path);
  EXPECT_EQ(error().code, Errc::invalid);
  EXPECT_EQ(read(options.path), before);
}

TEST_F(DatabaseTest, what_is_corrupt_is_set_aside_and_no_other_begun_until_it_is_moved_away) {
  write(options.path, "this was a database once");
  const Error first = error();
  EXPECT_EQ(first.code, Errc::corrupt);
  const auto aside = named("things.db.corrupt-");
  ASSERT_EQ(aside.size(), 1u);
  EXPECT_THAT(first.message, HasSubstr("sqlite3 '" + directory.file(aside[0]) + "' .recover"));
  const Error second = error();
  EXPECT_EQ(second.code, Errc::corrupt);
  EXPECT_THAT(second.message, HasSubstr(aside[0]));
  EXPECT_FALSE(fs::exists(options.path));
  fs::rename(directory.file(aside[0]), directory.file("kept"));
  open();
  EXPECT_EQ(count(), 0);
}

TEST_F(DatabaseTest, an_emptied_file_is_corrupt) {
  open();
  database.reset();
  fs::resize_file(options.path, 0);
  EXPECT_EQ(error().code, Errc::corrupt);
}

TEST_F(DatabaseTest, an_emptied_file_is_corrupt_with_a_wal_beside_it_too) {
  options.checkpoint_on_close = false;
  open();
  put("a");
  database.reset();
  ASSERT_GT(fs::file_size(options.path + "-wal"), 0u);
  fs::resize_file(options.path, 0);
  EXPECT_EQ(error().code, Errc::corrupt);
}

TEST_F(DatabaseTest, an_empty_file_is_corrupt_only_beside_its_folder) {
  options.folder = directory.file("parts");
  write(options.path, "");
  open();
  EXPECT_TRUE(fs::is_directory(options.folder));
  write(options.folder + "/1", "part");
  database.reset();
  fs::resize_file(options.path, 0);
  EXPECT_EQ(error().code, Errc::corrupt);
  const auto folder = named("parts.corrupt-");
  ASSERT_EQ(folder.size(), 1u);
  EXPECT_EQ(read(directory.file(folder[0]) + "/1"), "part");
}

// As the WAL of a database that was deleted and not its log: SQLite would replay it.
TEST_F(DatabaseTest, a_new_one_takes_nothing_from_a_wal_that_lies_there) {
  options.checkpoint_on_close = false;
  open();
  put("a");
  database.reset();
  fs::remove(options.path);
  open();
  EXPECT_EQ(count(), 0);
}

TEST_F(DatabaseTest, is_checked_whole_up_to_a_size_and_after_a_crash_up_to_another) {
  open();
  for (int i = 0; i < 200; ++i) put(std::string(1000, 'x'));
  database.reset();
  const auto size = fs::file_size(options.path);
  {
    std::fstream file(options.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 4096 / 2 * 4096));
    file << std::string(4096, '\xee');
  }
  options.check_up_to = size - 1;
  options.check_after_crash_up_to = size;
  options.checkpoint_on_close = false;
  open();
  put("leaves a WAL behind");
  EXPECT_EQ(error().code, Errc::corrupt);
}

TEST_F(DatabaseTest, gives_back_free_pages_beyond_those_to_keep_and_no_more_than_asked) {
  open();
  for (int i = 0; i < 100; ++i) put(std::string(4000, 'x'));
  database->connection().exec("DELETE FROM thing");
  const int before = database->pages();
  EXPECT_TRUE(database->shrink(20, 30));
  EXPECT_EQ(database->pages(), before - 30);
  while (database->shrink(20, 30)) {
  }
  EXPECT_EQ(database->connection().execAndGet("PRAGMA freelist_count").getInt(), 20);
}

TEST_F(DatabaseTest, a_failure_says_what_it_means) {
  open();
  database->connection().exec("CREATE UNIQUE INDEX once ON thing(a)");
  put("a");
  const auto thrown_by = [this](const char* sql) {
    try {
      database->connection().exec(sql);
    } catch (const SQLite::Exception& e) {
      return database_error("things.db", e);
    }
    return Error{Errc::io, "nothing was thrown"};
  };
  const Error twice = thrown_by("INSERT INTO thing VALUES ('a')");
  EXPECT_EQ(twice.code, Errc::exists);
  EXPECT_EQ(severity_of(twice), Severity::item);
  EXPECT_THAT(twice.message, HasSubstr("(SQLite 2067)"));
  EXPECT_EQ(thrown_by("SELECT * FROM nothing").code, Errc::invalid);
  EXPECT_EQ(severity_of({Errc::full, ""}), Severity::full);
  EXPECT_EQ(severity_of({Errc::busy, ""}), Severity::busy);
  for (const Errc code : {Errc::io, Errc::corrupt, Errc::permission})
    EXPECT_EQ(severity_of({code, ""}), Severity::broken);
}

struct CheckpointTest : DatabaseTest {
  support::FaultyVfs vfs;
  std::shared_ptr<support::ManualClock> clock = std::make_shared<support::ManualClock>();

  CheckpointTest() { options.clock = clock; }
  void every_sync_takes(Duration time) {
    vfs.before_sync([this, time] { clock->move_to(clock->steady_now() + time); });
  }
  // Pages of the WAL when it is time for a checkpoint, which is then made.
  int fill() {
    while (!database->wants_checkpoint()) put(std::string(4000, 'x'));
    const int pages = database->wal_pages();
    database->checkpoint().value();
    return pages;
  }
};

TEST_F(CheckpointTest, is_made_of_as_many_pages_as_the_disk_takes_in_a_slice) {
  open();
  every_sync_takes(std::chrono::milliseconds(6));
  for (int i = 0; i < 5; ++i) fill();
  EXPECT_LT(fill(), 110);
  every_sync_takes(std::chrono::milliseconds(1));
  for (int i = 0; i < 30; ++i) fill();
  EXPECT_GE(fill(), 1000);
}

TEST_F(CheckpointTest, counts_only_what_is_not_in_the_file_yet) {
  open();
  put("a");
  EXPECT_GT(database->wal_pages(), 0);
  const auto reader = open_reader(options.path, 64);
  std::optional<SQLite::Transaction> holds_the_wal(*reader);
  ASSERT_EQ(reader->execAndGet("SELECT count(*) FROM thing").getInt(), 1);
  fill();
  const int blocked = database->wal_pages();
  EXPECT_GT(blocked, 0);
  holds_the_wal.reset();
  database->checkpoint().value();
  EXPECT_EQ(database->wal_pages(), 0);
}

TEST_F(CheckpointTest, that_fails_says_so_and_is_made_again) {
  open();
  put("a");
  vfs.fail_at(0, support::FaultyVfs::Fault::io_error);
  EXPECT_EQ(database->checkpoint().error().code, Errc::io);
  EXPECT_GT(database->wal_pages(), 0);
  database->checkpoint().value();
  EXPECT_EQ(database->wal_pages(), 0);
}

TEST_F(CheckpointTest, a_loss_of_power_while_it_is_made_first_leaves_all_or_nothing) {
  bool fired = true;
  for (std::uint64_t step = 0; fired; ++step) {
    vfs.fail_at(step, support::FaultyVfs::Fault::crash);
    (void)try_open();
    database.reset();
    fired = vfs.fired();
    vfs.power_loss([] { return false; });
    open();
    put("a");
    EXPECT_EQ(count(), 1) << step;
    database.reset();
    for (const std::string part : {"", "-wal", "-shm"}) fs::remove(options.path + part);
    ASSERT_LT(step, 200u);
  }
}

}  // namespace
}  // namespace postern::base
