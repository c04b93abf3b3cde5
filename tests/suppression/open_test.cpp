// What List::open meets: files of the first version, and large ones with damage.
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "suppression/sync_fixture.hpp"

namespace postern::suppression::test {
namespace {

struct OpenTest : testing::Test, Opened {
  support::TempDir directory;
  std::string path() const { return directory.file("suppression.db"); }
  void execute(const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
};

TEST_F(OpenTest, a_file_of_the_first_version_keeps_its_entries_as_own_ones) {
  execute(
      "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
      "CREATE TABLE entry(key TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL, reason TEXT NOT NULL, "
      "source TEXT NOT NULL, since INTEGER NOT NULL, generation INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID, "
      "STRICT; INSERT INTO entry VALUES('a@example.com', 'A@example.com', 'MANUAL', 'manual', 1700000000000, "
      "0),"
      "('b@example.com', 'b@example.com', 'BOUNCE', 'import', 1700000000000, 0); PRAGMA user_version = 1");
  open(directory.path());
  EXPECT_EQ(list->size(), 2u);
  ASSERT_TRUE(full({"b", "c"}).has_value());
  EXPECT_EQ(addresses(), (Names{"A@example.com", "b@example.com", "c@example.com"}));
  EXPECT_EQ(find("b@example.com")->source, "import");
  EXPECT_EQ(list->size(), 3u);
}

// An empty list would let everything through: an emptied file is no first start.
TEST_F(OpenTest, an_emptied_file_is_corrupt_and_stays_so) {
  open(directory.path());
  close();
  std::filesystem::resize_file(path(), 0);
  for (int start = 0; start < 2; ++start) {
    support::Books other;
    const auto again = List::open(directory.path(), other.loop.get_executor(), other.disk, other.writer,
                                  other.log, other.metrics);
    ASSERT_TRUE(again.has_error()) << start;
    EXPECT_EQ(again.error().code, base::Errc::corrupt);
    EXPECT_NE(again.error().message.find("suppression.db.corrupt-"), std::string::npos);
  }
}

TEST_F(OpenTest, a_first_start_that_was_cut_is_begun_anew) {
  std::ofstream(path() + ".new") << "half";
  open(directory.path());
  EXPECT_EQ(list->size(), 0u);
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
}

// Which is not read whole at the start, so that the start takes no second a million entries.
TEST_F(OpenTest, damage_of_a_large_file_is_told_when_it_is_met_and_found_at_the_next_start) {
  open(directory.path());
  ASSERT_TRUE(begin(PassKind::full).has_value());
  std::vector<Listed> many;
  const std::string filler(180, 'x');
  for (int i = 0; i < 80'000; ++i)
    many.push_back(listed_as("u" + std::to_string(i) + "@" + filler.substr(0, 60) + "." +
                             filler.substr(0, 60) + "." + filler.substr(0, 60)));
  const std::string lost = many[40'000].address;
  ASSERT_TRUE(page(PassKind::full, std::move(many), "").has_value());
  ASSERT_TRUE(finish(PassKind::full).has_value());
  close();
  const auto size = std::filesystem::file_size(path());
  ASSERT_GT(size, 16u << 20);
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 4096 / 10 * 4096));
    file << std::string(size / 10 * 8, '\xff');
  }
  open(directory.path());
  EXPECT_EQ(list->size(), 80'000u);
  const auto found = books->wait(list->find(lost));
  ASSERT_TRUE(found.has_error());
  EXPECT_EQ(found.error().code, base::Errc::corrupt);
  close();
  support::Books other;
  const auto again = List::open(directory.path(), other.loop.get_executor(), other.disk, other.writer,
                                other.log, other.metrics);
  ASSERT_TRUE(again.has_error());
  EXPECT_EQ(again.error().code, base::Errc::corrupt);
  EXPECT_NE(again.error().message.find("suppression.db.corrupt-"), std::string::npos);
}

}  // namespace
}  // namespace postern::suppression::test
