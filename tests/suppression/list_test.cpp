#include "postern/suppression/list.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sqlite3.h>
#include <filesystem>

#include "support/books.hpp"

namespace postern::suppression {
namespace {

using base::Errc;

struct ListTest : testing::Test {
  support::Books books;
  std::unique_ptr<List> list = must_open();

  base::Result<std::unique_ptr<List>> open() {
    return List::open(books.directory.path(), books.loop.get_executor(), books.disk, books.writer, books.log,
                      books.metrics);
  }
  std::unique_ptr<List> must_open() {
    auto opened = open();
    return std::move(opened.value());
  }
  Entry entry(const std::string& address, const std::string& reason = "BOUNCE") const {
    return {address, reason, "manual", books.clock.wall_now()};
  }
  void add(const Entry& e) { ASSERT_TRUE(books.wait(list->add(e)).has_value()); }
  std::optional<Entry> find(const std::string& address) { return books.wait(list->find(address)).value(); }
  std::vector<std::string> addresses(std::size_t limit, const std::string& after) {
    std::vector<std::string> out;
    for (const auto& e : books.wait(list->list(limit, after)).value()) out.push_back(e.address);
    return out;
  }
  std::string directory_listing() const {
    std::string out;
    for (const auto& file : std::filesystem::directory_iterator(books.directory.path()))
      out += file.path().filename().string() + "\n";
    return out;
  }
};

TEST_F(ListTest, finds_without_regard_to_case_and_gives_back_what_was_listed) {
  add(entry("Jane.Doe@Example.com", "COMPLAINT"));
  const auto found = find("jane.doe@EXAMPLE.com");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "Jane.Doe@Example.com");
  EXPECT_EQ(found->reason, "COMPLAINT");
  EXPECT_EQ(found->source, "manual");
  EXPECT_EQ(found->since, books.clock.wall_now());
  EXPECT_FALSE(find("jane.doe+tag@example.com"));
}

TEST_F(ListTest, an_empty_list_answers_without_leaving_the_loop) {
  bool answered = false;
  auto look = [](List& l, bool& done) -> base::Task<void> {
    const auto found = co_await l.find("a@example.com");
    done = found.has_value() && !found->has_value();
  };
  boost::asio::co_spawn(books.loop, look(*list, answered), [](std::exception_ptr) {});
  books.loop.poll();  // waits for no other thread
  EXPECT_TRUE(answered);
}

TEST_F(ListTest, adding_again_replaces_and_counts_once) {
  add(entry("a@example.com", "BOUNCE"));
  add(entry("A@example.com", "MANUAL"));
  EXPECT_EQ(list->size(), 1u);
  EXPECT_EQ(find("a@example.com")->reason, "MANUAL");
  EXPECT_EQ(find("a@example.com")->address, "A@example.com");
}

TEST_F(ListTest, what_is_removed_is_gone_and_removing_it_again_says_so) {
  add(entry("a@example.com"));
  EXPECT_TRUE(books.wait(list->remove("A@EXAMPLE.COM")).value());
  EXPECT_FALSE(find("a@example.com"));
  EXPECT_FALSE(books.wait(list->remove("a@example.com")).value());
  EXPECT_EQ(list->size(), 0u);
}

TEST_F(ListTest, refuses_what_is_no_address) {
  for (const std::string address : {"", "nobody", "a b@example.com", "a@b@", "<>"})
    EXPECT_EQ(books.wait(list->add(entry(address))).error().code, Errc::invalid) << address;
  EXPECT_EQ(list->size(), 0u);
}

TEST_F(ListTest, keeps_its_entries_over_a_restart) {
  add(entry("a@example.com"));
  list.reset();
  list = must_open();
  EXPECT_EQ(list->size(), 1u);
  EXPECT_TRUE(find("a@example.com"));
}

TEST_F(ListTest, imports_in_slices_and_tells_how_many_were_new) {
  add(entry("user7@example.com", "MANUAL"));
  std::vector<Entry> entries;
  for (int i = 1999; i >= 0; --i) entries.push_back(entry("User" + std::to_string(i) + "@example.com"));
  entries.push_back(entry("user3@example.com", "COMPLAINT"));  // a second time: the last one stands
  EXPECT_EQ(books.wait(list->import(entries)).value(), 1999u);
  EXPECT_EQ(list->size(), 2000u);
  EXPECT_EQ(find("user3@example.com")->reason, "COMPLAINT");
  EXPECT_EQ(find("user7@example.com")->reason, "BOUNCE");
  EXPECT_EQ(books.wait(list->import({})).value(), 0u);
}

TEST_F(ListTest, others_are_written_between_the_slices_of_an_import) {
  std::vector<Entry> entries;
  for (int i = 0; i < 5000; ++i) entries.push_back(entry("user" + std::to_string(i) + "@example.com"));
  std::vector<std::string> order;
  auto importing = [](List& l, std::vector<Entry> e, std::vector<std::string>& out) -> base::Task<void> {
    const auto added = co_await l.import(std::move(e));
    out.push_back(added.has_value() ? "import" : "failed");
  };
  boost::asio::co_spawn(books.loop, importing(*list, entries, order), [](std::exception_ptr) {});
  while (list->size() == 0) books.loop.poll();
  add(entry("urgent@example.com"));
  order.push_back("add");
  while (order.size() < 2) books.loop.run_one_for(std::chrono::seconds(5));
  EXPECT_EQ(order, (std::vector<std::string>{"add", "import"}));
}

TEST_F(ListTest, pages_by_look_up_key) {
  for (const std::string name : {"c", "A", "b", "D"}) add(entry(name + "@example.com"));
  EXPECT_EQ(addresses(3, ""), (std::vector<std::string>{"A@example.com", "b@example.com", "c@example.com"}));
  EXPECT_EQ(addresses(3, "C@Example.com"), (std::vector<std::string>{"D@example.com"}));
}

TEST_F(ListTest, shows_its_size_as_a_metric) {
  add(entry("a@example.com"));
  EXPECT_NE(books.metrics.render().find("postern_suppression_entries 1\n"), std::string::npos);
}

TEST_F(ListTest, the_file_is_for_the_owner_only) {
  struct stat info {};
  ASSERT_EQ(stat(books.directory.file("suppression.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(ListTest, a_file_that_is_no_database_is_set_aside_and_no_empty_list_takes_its_place) {
  list.reset();
  books.write_file("suppression.db", std::string(8192, 'x'));
  const auto first = open();
  ASSERT_TRUE(first.has_error());
  EXPECT_EQ(first.error().code, Errc::corrupt);
  EXPECT_NE(first.error().message.find("suppression.db.corrupt-"), std::string::npos)
      << first.error().message;
  EXPECT_NE(directory_listing().find("suppression.db.corrupt-"), std::string::npos);
  const auto second = open();
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, Errc::corrupt);
  EXPECT_FALSE(std::filesystem::exists(books.directory.file("suppression.db")));
}

TEST_F(ListTest, damage_in_the_middle_of_the_file_is_found_at_the_start) {
  std::vector<Entry> entries;
  for (int i = 0; i < 2000; ++i) entries.push_back(entry("user" + std::to_string(i) + "@example.com"));
  ASSERT_TRUE(books.wait(list->import(entries)).has_value());
  list.reset();
  books.writer.join();
  {
    std::fstream file(books.directory.file("suppression.db"),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 * 4096);
    file << std::string(4096, '\xff');
  }
  const auto opened = open();
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, Errc::corrupt);
}

TEST_F(ListTest, a_file_of_a_later_version_is_refused_and_left_alone) {
  list.reset();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(books.directory.file("suppression.db").c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const auto opened = open();
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, Errc::newer);
  EXPECT_TRUE(std::filesystem::exists(books.directory.file("suppression.db")));
}

TEST_F(ListTest, a_directory_that_is_not_there_is_an_error_with_its_name) {
  const auto opened = List::open("/nonexistent/state", books.loop.get_executor(), books.disk, books.writer,
                                 books.log, books.metrics);
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, Errc::not_found);
  EXPECT_NE(opened.error().message.find("/nonexistent/state"), std::string::npos);
}

}  // namespace
}  // namespace postern::suppression
