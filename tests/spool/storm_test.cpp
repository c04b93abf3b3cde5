// Many at once, and what only shows over time. Meant for the sanitizers too.
#include <gtest/gtest.h>

#include <filesystem>

#include "spool/fixture.hpp"

namespace postern::spool {
namespace {

struct Storm : testing::Test, Fixture {
  int working = 0;
  std::uint64_t told = 0;
  std::vector<std::string> failures;

  Storm() {
    open();
    spool->subscribe([this](const MessagePtr&) { ++told; });
  }
  void start(base::Task<void> task) {
    ++working;
    boost::asio::co_spawn(loop, std::move(task), [this](const std::exception_ptr& e) {
      --working;
      if (e) failures.emplace_back("an exception");
    });
  }
  template <class T>
  void expect(const base::Result<T>& result) {
    if (result.has_error()) failures.push_back(result.error().message);
  }

  base::Task<void> client(int number, int messages) {
    for (int i = 0; i < messages; ++i) {
      const std::string id = fmt::format("C{}M{:04}", number, i);
      auto appended = co_await spool->append(message(id, fmt::format("stream {}", number), 3));
      expect(appended);
      std::vector<Settlement> first{done(0), retry(1, now + seconds(i))};
      auto settled = co_await spool->settle(id, std::move(first));
      expect(settled);
      auto loaded = co_await spool->load(id);
      expect(loaded);
      std::vector<Settlement> rest{done(1), done(2)};
      settled = co_await spool->settle(id, std::move(rest));
      expect(settled);
    }
  }
  base::Task<void> dispatcher() {
    while (working > 2) {
      std::set<std::string> skip;
      auto due = co_await spool->due(now, 20, 5, std::move(skip));
      expect(due);
      auto next = co_await spool->next_due();
      expect(next);
    }
  }
  base::Task<void> operator_at_work() {
    while (working > 2) {
      auto held = co_await spool->hold("all", "storm");
      expect(held);
      auto released = co_await spool->release("all", now);
      expect(released);
      auto listed = co_await spool->list(50, "");
      expect(listed);
    }
  }
};

TEST_F(Storm, clients_deliveries_and_the_operator_do_not_disturb_each_other) {
  for (int c = 0; c < 12; ++c) start(client(c, 25));
  start(dispatcher());
  start(operator_at_work());
  loop.restart();
  loop.run_for(std::chrono::seconds(60));
  EXPECT_EQ(working, 0);
  EXPECT_EQ(failures, std::vector<std::string>{});
  EXPECT_EQ(told, 300U);
  const Totals t = spool->totals();
  EXPECT_EQ(t.messages + t.queued + t.held + t.bytes, 0U);
}

TEST_F(Storm, the_log_stays_bounded) {
  auto large = message("L");
  large->content.body = std::make_shared<const std::string>(250000, 'x');
  large->content.body_size = large->content.body->size();
  std::uintmax_t longest = 0;
  for (int i = 0; i < 150; ++i) {
    append(large).value();
    settle("L", done()).value();
    longest = std::max(longest, std::filesystem::file_size(directory.file("spool.db-wal")));
  }
  EXPECT_GT(longest, 1U << 20);
  EXPECT_LT(longest, 20U << 20);
}

TEST_F(Storm, an_idle_spool_gives_the_disk_back) {
  auto large = message("L");
  large->content.body = std::make_shared<const std::string>(250000, 'x');
  large->content.body_size = large->content.body->size();
  for (int i = 0; i < 60; ++i) {
    large->id = fmt::format("L{}", i);
    append(large).value();
  }
  run(spool->remove("all")).value();
  open();
  const auto full = std::filesystem::file_size(directory.file("spool.db"));
  EXPECT_GT(full, 10U << 20);
  auto size = full;
  const auto work = boost::asio::make_work_guard(loop);
  for (int tries = 0; tries < 200 && size > full / 2; ++tries) {
    loop.run_for(std::chrono::milliseconds(100));
    size = std::filesystem::file_size(directory.file("spool.db"));
  }
  EXPECT_LE(size, full / 2);
}

TEST(StormEnd, waiters_go_with_a_loop_that_never_runs_again) {
  support::TempDir directory;
  support::ManualClock clock;
  base::Log log(clock, [](std::string_view) {});
  base::Metrics metrics;
  auto loop = std::make_unique<boost::asio::io_context>();
  Fixture other;  // for its messages
  bool returned = false;
  {
    auto spool = Spool::open({directory.path()}, loop->get_executor(), log, metrics).value();
    for (const char* id : {"A1", "A2"}) {
      boost::asio::co_spawn(*loop, spool->append(other.message(id)),
                            [&returned](std::exception_ptr, const base::Result<void>&) { returned = true; });
    }
    loop->poll_one();
    loop->poll_one();
    spool->close();
  }
  loop.reset();  // the sanitizer finds what is not freed
  EXPECT_FALSE(returned);
}

}  // namespace
}  // namespace postern::spool
