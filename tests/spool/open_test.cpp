#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "spool/fixture.hpp"

namespace postern::spool {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Open : testing::Test, Fixture {
  std::string db = directory.file("spool.db");
  std::string bodies = directory.file("bodies");

  void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  void overwrite(std::int64_t offset, const std::string& bytes) {
    std::fstream file(db, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(offset);
    file << bytes;
  }
  std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string set_aside() {
    for (const auto& entry : fs::directory_iterator(directory.path())) {
      const std::string name = entry.path().filename();
      if (name.starts_with("spool.db.corrupt-") && name.ends_with("Z")) return entry.path();
    }
    return "";
  }
  void expect_set_aside(const std::string& bytes) {
    const auto opened = try_open();
    ASSERT_TRUE(opened.has_error());
    EXPECT_EQ(opened.error().code, base::Errc::corrupt);
    ASSERT_NE(set_aside(), "");
    EXPECT_THAT(opened.error().message, HasSubstr(db + " is corrupt"));
    EXPECT_THAT(opened.error().message, HasSubstr("sqlite3 '" + set_aside() + "' .recover"));
    EXPECT_EQ(read(set_aside()), bytes);
    EXPECT_FALSE(fs::exists(db));
    // Not the next start either begins anew: a supervisor restarts sooner than a person reads.
    EXPECT_EQ(try_open().error().code, base::Errc::corrupt);
    EXPECT_FALSE(fs::exists(db));
    fs::rename(set_aside(), directory.file("kept-elsewhere"));
    open();
    EXPECT_EQ(spool->totals().messages, 0U);
  }
};

TEST_F(Open, creates_files_that_only_the_owner_reads) {
  open();
  put("A1");
  for (const auto& path : {db, db + "-wal"}) {
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << path;
  }
  struct stat status {};
  ASSERT_EQ(::stat(bodies.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(Open, the_file_can_shrink_and_keeps_a_log) {
  open();
  SQLite::Database other(db);
  EXPECT_EQ(other.execAndGet("PRAGMA auto_vacuum").getInt(), 2);
  EXPECT_EQ(other.execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ(other.execAndGet("PRAGMA user_version").getInt(), 1);
}

TEST_F(Open, refuses_a_later_version_and_leaves_it_as_it_is) {
  open();
  put("A1");
  spool.reset();
  SQLite::Database(db, SQLite::OPEN_READWRITE).exec("PRAGMA user_version=2");
  const std::string before = read(db);
  const auto opened = try_open();
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, base::Errc::newer);
  EXPECT_THAT(opened.error().message, HasSubstr("later version"));
  EXPECT_EQ(read(db), before);
}

TEST_F(Open, refuses_a_database_of_something_else_and_leaves_it_as_it_is) {
  SQLite::Database(db, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE photo(a)");
  const std::string before = read(db);
  EXPECT_EQ(try_open().error().code, base::Errc::invalid);
  EXPECT_EQ(read(db), before);
}

TEST_F(Open, sets_garbage_aside_and_never_recreates_in_the_same_start) {
  const std::string garbage(10000, 'g');
  write(db, garbage);
  expect_set_aside(garbage);
}

TEST_F(Open, an_emptied_file_is_no_new_one) {
  open();
  put("A1");
  spool.reset();
  write(db, "");
  expect_set_aside("");
}

TEST_F(Open, an_empty_file_of_a_first_start_that_was_cut_is_a_new_one) {
  write(db, "");
  open();
  EXPECT_EQ(spool->totals().messages, 0U);
}

TEST_F(Open, sets_a_file_with_a_broken_header_aside) {
  open();
  put("A1");
  spool.reset();
  overwrite(0, "SQLite format 2");
  expect_set_aside(read(db));
}

TEST_F(Open, sets_a_file_with_a_broken_page_aside) {
  open();
  for (int i = 0; i < 200; ++i) put(fmt::format("M{:03}", i));
  spool.reset();
  const auto size = static_cast<std::int64_t>(fs::file_size(db));
  overwrite(size / 4096 / 2 * 4096, std::string(4096, '\xee'));
  expect_set_aside(read(db));
}

TEST_F(Open, sets_a_truncated_file_aside) {
  open();
  for (int i = 0; i < 200; ++i) put(fmt::format("M{:03}", i));
  spool.reset();
  fs::resize_file(db, fs::file_size(db) / 2);
  expect_set_aside(read(db));
}

TEST_F(Open, large_bodies_go_aside_with_the_database_that_names_them) {
  write(db, std::string(10000, 'g'));
  fs::create_directory(bodies);
  write(bodies + "/A1", "large");
  ASSERT_TRUE(try_open().has_error());
  const std::string suffix = set_aside().substr(db.size());
  EXPECT_EQ(read(bodies + suffix + "/A1"), "large");
}

TEST_F(Open, sweeps_bodies_that_no_row_names) {
  open();
  auto m = message("A1");
  m->content.body = nullptr;
  m->content.body_file = spool->new_body_path("A1");
  write(m->content.body_file, "large");
  append(m).value();
  write(spool->new_body_path("A2"), "orphan");
  open();
  EXPECT_TRUE(fs::exists(bodies + "/A1"));
  EXPECT_FALSE(fs::exists(bodies + "/A2"));
  EXPECT_THAT(lines, testing::Contains(HasSubstr("orphans=1")));
}

TEST_F(Open, holds_a_message_whose_body_is_gone) {
  open();
  auto m = message("A1");
  m->content.body = nullptr;
  m->content.body_file = spool->new_body_path("A1");
  append(m).value();
  put("A2");
  open();
  EXPECT_EQ(state("A1"), "0 held: body file is missing");
  EXPECT_EQ(state("A2"), "0 queued +0s");
  EXPECT_EQ(spool->totals().held, 1U);
  EXPECT_THAT(lines, testing::Contains(HasSubstr("spool misses body files")));
}

TEST_F(Open, names_the_folder_that_it_may_not_write) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ::chmod(directory.path().c_str(), 0500);
  const auto opened = try_open();
  ::chmod(directory.path().c_str(), 0700);
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, base::Errc::permission);
  EXPECT_THAT(opened.error().message, HasSubstr(directory.path()));
}

TEST_F(Open, says_when_there_is_no_such_folder) {
  auto opened = Spool::open({directory.file("absent")}, loop.get_executor(), log, metrics);
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, base::Errc::not_found);
}

}  // namespace
}  // namespace postern::spool
