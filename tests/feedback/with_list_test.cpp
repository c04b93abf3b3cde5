// The sync with the list as it lies on disk, and threads behind it.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "feedback/fake_ses.hpp"
#include "postern/feedback/suppression_sync.hpp"
#include "postern/suppression/list.hpp"
#include "support/books.hpp"

namespace postern::feedback::test {
namespace {

struct SyncWithList : testing::Test {
  support::TempDir directory;
  std::unique_ptr<support::Books> books;
  std::unique_ptr<FakeSes> ses;
  base::SeededRandom random{11};
  std::shared_ptr<SuppressionSyncSettings> settings = std::make_shared<SuppressionSyncSettings>();
  std::unique_ptr<suppression::List> list;
  std::unique_ptr<SuppressionSync> sync;
  std::unique_ptr<base::TaskGroup> tasks;

  SyncWithList() {
    settings->enabled = true;
    settings->reasons = {"BOUNCE", "COMPLAINT"};
    start();
  }
  ~SyncWithList() override { stop(); }

  void start() {
    const auto time = books ? books->clock.wall_now() : base::WallTime();
    books = std::make_unique<support::Books>();
    if (time > books->clock.wall_now()) books->clock.set(time - books->clock.wall_now());
    const auto listed = ses ? ses->listed : decltype(FakeSes::listed)();
    ses = std::make_unique<FakeSes>(books->clock);
    ses->listed = listed;
    ses->page_size = 100;
    list = std::move(suppression::List::open(directory.path(), books->loop.get_executor(), books->disk,
                                             books->writer, books->log, books->metrics)
                         .value());
    sync = std::make_unique<SuppressionSync>(SuppressionSync::Dependencies{
        books->loop.get_executor(), books->clock, random, books->log, books->metrics, *ses,
        *list->sync_target(), [this] { return settings; }});
    tasks = std::make_unique<base::TaskGroup>(books->loop.get_executor(), books->clock, books->log);
    tasks->spawn("suppression sync", sync->run());
  }
  void stop() {
    tasks->cancel();
    until([this] { return tasks->size() == 0; });
    tasks.reset();
    sync.reset();
    list.reset();
  }
  // A second of the clock for each moment in which the threads have nothing to say.
  template <class Done>
  void until(Done done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done() && std::chrono::steady_clock::now() < limit) {
      books->loop.restart();
      if (books->loop.run_for(std::chrono::milliseconds(2)) == 0)
        support::advance(books->loop, books->clock, std::chrono::seconds(1));
    }
    EXPECT_TRUE(done());
  }
  void full_pass(bool force = false) {
    const auto id = sync->request_full(force);
    until([this, id] {
      const auto status = sync->status();
      return !status.full && status.last_finished && status.last_finished->id >= id;
    });
    EXPECT_TRUE(sync->status().last_finished->good) << sync->status().last_finished->message;
  }
  bool listed(const std::string& address) { return books->wait(list->find(address)).value().has_value(); }
};

TEST_F(SyncWithList, what_ses_lists_is_found_here_and_what_it_deletes_is_not) {
  for (int i = 0; i < 950; ++i) ses->list_old("User" + std::to_string(i) + "@example.com");
  ses->list_old("not an address");
  ASSERT_TRUE(
      books->wait(list->add({"own@example.com", "MANUAL", "manual", books->clock.wall_now()})).has_value());
  full_pass();
  EXPECT_EQ(list->size(), 951u);
  EXPECT_EQ(sync->status().entries, 950u);
  EXPECT_TRUE(listed("USER77@example.com"));
  ses->listed.erase("User77@example.com");
  ses->list("fresh@example.com");
  full_pass();
  EXPECT_FALSE(listed("user77@example.com"));
  EXPECT_TRUE(listed("fresh@example.com"));
  EXPECT_TRUE(listed("own@example.com"));
  EXPECT_EQ(list->size(), 951u);
}

TEST_F(SyncWithList, a_stop_in_the_middle_of_a_pass_loses_nothing) {
  for (int i = 0; i < 2000; ++i) ses->list_old("user" + std::to_string(i) + "@example.com");
  const auto id = sync->request_full(false);
  until([this] { return sync->status().full && sync->status().full->pages >= 5; });
  EXPECT_EQ(id, sync->status().full->id);
  EXPECT_EQ(list->size(), 0u);
  stop();
  start();
  until([this] { return sync->status().last_finished.has_value(); });
  EXPECT_EQ(list->size(), 2000u);
  EXPECT_LE(ses->count("list"), 16u);
  EXPECT_NE(books->logged().find("status=resumed"), std::string::npos);
}

TEST_F(SyncWithList, a_removal_written_through_during_a_pass_stays_removed) {
  for (int i = 0; i < 1000; ++i) ses->list_old("user" + std::to_string(i) + "@example.com");
  full_pass();
  const auto all = ses->listed;
  sync->request_full(false);
  until([this] { return sync->status().full && sync->status().full->pages >= 2; });
  std::optional<base::Result<SuppressionSync::Removal>> removed;
  boost::asio::co_spawn(
      books->loop, sync->remove("user999@example.com"),
      [&](std::exception_ptr, base::Result<SuppressionSync::Removal> done) { removed = done; });
  until([&] { return removed.has_value(); });
  ASSERT_TRUE(removed->has_value());
  EXPECT_TRUE((*removed)->ses && (*removed)->here);
  ses->listed = all;  // as SES may go on listing it for a moment
  until([this] { return !sync->status().full; });
  EXPECT_FALSE(listed("user999@example.com"));
  EXPECT_EQ(list->size(), 999u);
}

}  // namespace
}  // namespace postern::feedback::test
