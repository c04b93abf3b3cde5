#include <gtest/gtest.h>

#include "postern/suppression/list.hpp"
#include "support/books.hpp"
#include "support/faulty_vfs.hpp"

namespace postern::suppression {
namespace {

struct ListFaultTest : testing::Test {
  support::FaultyVfs vfs;
  support::TempDir directory;
  std::unique_ptr<support::Books> books;
  std::unique_ptr<List> list;

  ListFaultTest() { open(); }
  void open() {
    books = std::make_unique<support::Books>();
    list = std::move(List::open(directory.path(), books->loop.get_executor(), books->disk, books->writer,
                                books->log, books->metrics)
                         .value());
  }
  void close() {
    list.reset();
    books.reset();
  }
  Entry entry(const std::string& address) const {
    return {address, "MANUAL", "manual", books->clock.wall_now()};
  }
  bool listed(const std::string& address) { return books->wait(list->find(address)).value().has_value(); }
};

TEST_F(ListFaultTest, what_add_and_remove_have_confirmed_outlives_a_loss_of_power) {
  ASSERT_TRUE(books->wait(list->add(entry("kept@example.com"))).has_value());
  ASSERT_TRUE(books->wait(list->add(entry("gone@example.com"))).has_value());
  ASSERT_TRUE(books->wait(list->remove("gone@example.com")).value());
  vfs.fail_at(0, support::FaultyVfs::Fault::crash);  // closing writes nothing more
  close();
  vfs.power_loss([] { return false; });
  open();
  EXPECT_TRUE(listed("kept@example.com"));
  EXPECT_FALSE(listed("gone@example.com"));
  EXPECT_EQ(list->size(), 1u);
}

TEST_F(ListFaultTest, a_full_disk_fails_the_import_and_the_count_stays_true) {
  ASSERT_TRUE(books->wait(list->add(entry("a@example.com"))).has_value());
  std::vector<Entry> entries;
  for (int i = 0; i < 5000; ++i) entries.push_back(entry("user" + std::to_string(i) + "@example.com"));
  vfs.set_room(200'000);
  const auto imported = books->wait(list->import(entries));
  ASSERT_TRUE(imported.has_error());
  EXPECT_EQ(imported.error().code, base::Errc::full);
  vfs.set_room(-1);
  const auto counted = list->size();
  close();
  open();
  EXPECT_EQ(list->size(), counted);
  EXPECT_GT(counted, 1u);  // the slices before
  EXPECT_LT(counted, 5001u);
  EXPECT_TRUE(books->wait(list->import(std::move(entries))).has_value());
  EXPECT_EQ(list->size(), 5001u);
}

// Whichever write or sync fails: what was confirmed before or after it is there when the power comes back.
TEST_F(ListFaultTest, after_a_failed_write_nothing_is_confirmed_that_a_loss_of_power_takes) {
  for (std::uint64_t step = 0; step < 60; step += 3) {
    const std::string round = "r" + std::to_string(step);
    std::vector<Entry> entries;
    for (int i = 0; i < 1500; ++i) entries.push_back(entry(round + std::to_string(i) + "@example.com"));
    vfs.fail_at(step, support::FaultyVfs::Fault::io_error);
    const bool imported = books->wait(list->import(entries)).has_value();
    const bool late = books->wait(list->add(entry(round + "late@example.com"))).has_value();
    vfs.fail_at(0, support::FaultyVfs::Fault::crash);
    close();
    vfs.power_loss([] { return false; });
    open();
    EXPECT_TRUE(!imported || listed(round + "1499@example.com")) << step;
    EXPECT_TRUE(!late || listed(round + "late@example.com")) << step;
  }
}

TEST_F(ListFaultTest, after_a_failed_write_the_list_answers_but_takes_nothing_more) {
  ASSERT_TRUE(books->wait(list->add(entry("before@example.com"))).has_value());
  vfs.fail_at(0, support::FaultyVfs::Fault::io_error);
  ASSERT_TRUE(books->wait(list->add(entry("lost@example.com"))).has_error());
  const auto refused = books->wait(list->add(entry("after@example.com")));
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, base::Errc::io);
  EXPECT_NE(refused.error().message.find("restart"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(listed("before@example.com"));
  EXPECT_FALSE(listed("after@example.com"));
  close();
  open();
  EXPECT_TRUE(books->wait(list->add(entry("after@example.com"))).has_value());
  EXPECT_EQ(list->size(), 2u);
}

}  // namespace
}  // namespace postern::suppression
