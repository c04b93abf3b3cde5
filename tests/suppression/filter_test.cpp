// The prefilter as the list uses it: built in the background, asked on the loop.
#include <filesystem>
#include <fstream>

#include "suppression/filter_builds.hpp"
#include "suppression/sync_fixture.hpp"

namespace postern::suppression::test {
namespace {

struct FilterTest : testing::Test, Opened {
  support::TempDir directory;
  FilterTest() { open(directory.path()); }

  std::uint64_t answered(const char* from) {
    return books->metrics.counter("postern_suppression_lookups_total", "", {{"answered", from}}).value();
  }
  // Whether a look-up of it ends without a turn of another thread.
  bool known_in_memory(const std::string& address) {
    const auto before = answered("memory");
    listed(address);
    return answered("memory") > before;
  }
  void wait_for_filter() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!known_in_memory("nobody.has.this@example.net") && std::chrono::steady_clock::now() < end)
      books->loop.run_one_for(std::chrono::milliseconds(1));
    ASSERT_TRUE(known_in_memory("nobody.has.this@example.net"));
  }
  std::vector<Entry> entries(int from, int to) const {
    std::vector<Entry> out;
    for (int i = from; i < to; ++i)
      out.push_back({"user" + std::to_string(i) + "@example.com", "BOUNCE", "import", now()});
    return out;
  }
  std::size_t import(int from, int to) { return books->wait(list->import(entries(from, to))).value(); }
  void reopen() {
    close();
    open(directory.path());
  }
};

TEST_F(FilterTest, an_address_that_is_not_listed_is_answered_without_leaving_the_loop) {
  import(0, 2000);
  reopen();
  wait_for_filter();
  bool answered_at_once = false;
  auto look = [](List& l, bool& done) -> base::Task<void> {
    const auto found = co_await l.find("Nobody.Has.This@example.net");
    done = found.has_value() && !found->has_value();
  };
  boost::asio::co_spawn(books->loop, look(*list, answered_at_once), [](std::exception_ptr) {});
  books->loop.restart();
  books->loop.poll();  // waits for no other thread
  EXPECT_TRUE(answered_at_once);
}

TEST_F(FilterTest, what_is_listed_is_read_from_the_disk_in_any_spelling) {
  add("Jane@Example.com");
  ASSERT_TRUE(full({"ses"}).has_value());
  wait_for_filter();
  const auto before = answered("disk");
  EXPECT_EQ(find("jANE@example.COM")->address, "Jane@Example.com");
  EXPECT_EQ(find("SES@example.com")->address, "ses@example.com");
  EXPECT_EQ(answered("disk"), before + 2);
}

TEST_F(FilterTest, of_others_more_than_98_in_a_hundred_are_answered_from_memory_at_any_size) {
  for (const int size : {100, 1'000, 4'000}) {
    import(0, size);
    wait_for_filter();
    while (books->loop.poll() > 0) continue;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::uint64_t from_disk = 1000;
    while (from_disk > 20 && std::chrono::steady_clock::now() < end) {  // until the larger one serves
      const auto before = answered("disk");
      for (int i = 0; i < 1000; ++i) listed("other" + std::to_string(i) + "@example.com");
      from_disk = answered("disk") - before;
    }
    EXPECT_LE(from_disk, 20u) << size;
  }
}

TEST_F(FilterTest, what_is_added_is_found_from_then_on_and_what_is_removed_is_not) {
  import(0, 100);
  wait_for_filter();
  for (int i = 0; i < 30; ++i) {
    const std::string name = "new" + std::to_string(i);
    EXPECT_FALSE(listed(name + "@example.com"));
    if (i % 3 == 0) add(name + "@example.com");
    if (i % 3 == 1) {
      ASSERT_TRUE(changes({name}).has_value());
    }
    if (i % 3 == 2) {
      ASSERT_TRUE(books->wait(sync().put_listed(listed_as(name + "@example.com"))).has_value());
    }
    EXPECT_TRUE(listed(name + "@example.com")) << i;
    if (i % 2 == 0) {
      EXPECT_TRUE(remove(name + "@example.com"));
      EXPECT_FALSE(listed(name + "@example.com")) << i;
    }
  }
}

TEST_F(FilterTest, a_command_that_looks_up_little_builds_none) {
  import(0, 100);
  close();
  books = std::make_unique<support::Books>();
  list = std::move(List::open(directory.path(), books->loop.get_executor(), books->disk, books->writer,
                              books->log, books->metrics, LookUps::few)
                       .value());
  add("a@example.com");
  books->writer.join();
  EXPECT_FALSE(list->size() == 0);
  EXPECT_FALSE(listed("nobody.has.this@example.net"));
  EXPECT_EQ(answered("memory"), 0u);
  EXPECT_EQ(answered("disk"), 1u);
}

// Each look-up is of an address whose add, import or pass has ended, while filters are built all the time.
TEST_F(FilterTest, no_listed_address_is_missed_while_filters_are_built_beside_writes) {
  int ended = static_cast<int>(import(0, 400)), missed = 0;
  auto importing = [](List& l, std::vector<Entry> some, int& done) -> base::Task<void> {
    for (std::size_t at = 0; at < some.size(); at += 400) {
      const auto first = some.begin() + static_cast<std::ptrdiff_t>(at);
      std::vector<Entry> part(first, first + 400);
      const auto added = co_await l.import(std::move(part));
      done += added.has_value() ? 400 : 0;
    }
  };
  auto looking = [](List& l, int& done, int& lost) -> base::Task<void> {
    for (int i = 0; done < 4'000; ++i) {
      std::string address = "USER" + std::to_string(i * 7919 % done) + "@example.com";
      const auto found = co_await l.find(std::move(address));
      lost += found.has_value() && found->has_value() ? 0 : 1;
    }
  };
  boost::asio::co_spawn(books->loop, importing(*list, entries(400, 4'000), ended), [](std::exception_ptr) {});
  books->wait(looking(*list, ended, missed));
  EXPECT_EQ(ended, 4'000);
  EXPECT_EQ(missed, 0);
}

TEST_F(FilterTest, a_list_that_shrank_gets_another_filter_and_loses_nothing) {
  Names many;
  for (int i = 0; i < 4'000; ++i) many.push_back("user" + std::to_string(i));
  ASSERT_TRUE(full(many).has_value());
  wait_for_filter();
  add("own@example.com");
  ASSERT_TRUE(full({"left"}).has_value());
  wait_for_filter();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!known_in_memory("user7@example.com") && std::chrono::steady_clock::now() < end)
    books->loop.run_one_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(known_in_memory("user7@example.com"));  // the one before had it
  EXPECT_TRUE(listed("left@example.com"));
  EXPECT_TRUE(listed("own@example.com"));
}

TEST_F(FilterTest, a_list_that_goes_in_the_middle_of_a_build_leaves_nothing_behind) {
  import(0, 4'000);
  for (int i = 0; i < 12; ++i) {
    reopen();
    if (i % 2 == 0) listed("user" + std::to_string(i) + "@example.com");
    if (i % 3 == 0) list->stop();
  }
  wait_for_filter();
  EXPECT_TRUE(listed("user3999@example.com"));
}

TEST_F(FilterTest, after_stop_the_pools_end_though_a_build_is_under_way_and_look_ups_go_on) {
  import(0, 4'000);
  reopen();
  list->stop();
  EXPECT_TRUE(listed("user3999@example.com"));
  EXPECT_FALSE(listed("nobody.has.this@example.net"));
  books->writer.join();
  books->disk.join();
}

// A filter that lacks a page of the list would let its addresses through.
TEST_F(FilterTest, a_list_that_cannot_be_read_whole_has_none) {
  import(0, 4'000);
  close();
  books = std::make_unique<support::Books>();
  const auto store = Store::open(directory.path()).value();  // reads all of it, and it is well
  const std::string path = directory.file("suppression.db");
  const auto size = std::filesystem::file_size(path);
  ASSERT_GT(size, 40u * 4096);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20 * 4096);
    file << std::string(size - 21 * 4096, '\xff');
  }
  const auto builds = std::make_shared<FilterBuilds>(store, books->loop.get_executor(), books->disk,
                                                     books->writer, books->log);
  builds->look();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (books->logged().empty() && std::chrono::steady_clock::now() < end)
    books->loop.run_for(std::chrono::milliseconds(1));
  EXPECT_NE(books->logged().find("look-ups go to the disk"), std::string::npos);
  builds->stop();
  books->writer.join();
  EXPECT_FALSE(store->prefilter().excludes("nobody.has.this@example.net"));
  books.reset();
}

}  // namespace
}  // namespace postern::suppression::test
