#include "app/snapshot_holder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "postern/base/spawn.hpp"
#include "support/books.hpp"

namespace postern::app {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class HeldSnapshot : public testing::Test {
 protected:
  HeldSnapshot() {
    configure("");
    holder = std::make_unique<SnapshotHolder>(file, load_snapshot(file).value(), books.disk, books.log);
    tasks.spawn("watch", holder->watch(books.clock));
  }
  ~HeldSnapshot() override {
    tasks.cancel();
    books.loop.restart();
    books.loop.poll();
  }
  // A time stamp of its own for each version: two within a tick of the file system would look the same.
  void configure(const std::string& more) {
    books.write_file("postern.yaml", "upstream: [{endpoint: \"smtp.example.com:587\"}]\n" + more);
    std::filesystem::last_write_time(file, std::filesystem::file_time_type(std::chrono::seconds(++version)));
  }
  // One look of the watcher, whose reading happens on a thread.
  void next_look() {
    support::advance(books.loop, books.clock, 2s);
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (books.clock.next() == base::SteadyTime::max() && std::chrono::steady_clock::now() < limit) {
      books.loop.restart();
      books.loop.run_one_for(5ms);
    }
  }
  std::string level() const {
    return holder->current()->config.log.level == base::LogLevel::debug ? "debug" : "info";
  }

  support::Books books;
  std::string file = books.directory.file("postern.yaml");
  int version = 1'000'000'000;
  std::unique_ptr<SnapshotHolder> holder;
  base::TaskGroup tasks{books.loop.get_executor(), books.clock, books.log};
};

TEST_F(HeldSnapshot, a_changed_file_takes_its_place) {
  next_look();
  EXPECT_EQ(level(), "info");
  configure("log: {level: debug}\n");
  next_look();
  EXPECT_EQ(level(), "debug");
}

TEST_F(HeldSnapshot, a_bad_file_is_reported_once_and_the_old_one_stays) {
  configure("log: {level: loud}\n");
  next_look();
  EXPECT_EQ(level(), "info");
  EXPECT_THAT(books.logged(), HasSubstr("log.level"));
  books.lines.clear();
  next_look();
  EXPECT_THAT(books.logged(), Not(HasSubstr("log.level")));
}

TEST_F(HeldSnapshot, what_a_refused_configuration_lacked_is_taken_up_when_it_appears) {
  configure("log: {level: debug}\naws: {access_key_id: AKIA, secret_access_key_file: " +
            books.directory.file("key") + "}\n");
  next_look();
  EXPECT_EQ(level(), "info");
  books.write_file("key", "secret\n");
  next_look();
  EXPECT_EQ(level(), "debug");
}

}  // namespace
}  // namespace postern::app
