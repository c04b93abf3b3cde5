// Whatever fails at whatever step: what was acknowledged is there, nothing is there by half, and nothing is
// acknowledged after a failure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <random>

#include "spool/fixture.hpp"
#include "support/faulty_vfs.hpp"

namespace postern::spool {
namespace {

using support::FaultyVfs;

// Plays a little history, one operation after the other, and keeps for each message the states that it may be
// in: one, or two while an operation was not acknowledged. An absent message is "".
struct History : Fixture {
  std::map<std::string, std::set<std::string>> allowed;
  bool stopped = false;

  void does(const std::string& id, const std::string& after, const base::Result<void>& result) {
    if (result.has_value()) {
      allowed[id] = {after};
    } else {
      allowed[id].insert(after);
      stopped = true;
    }
  }
  // At once, so that they share transactions.
  void append_together(const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
      allowed[id] = {""};
      boost::asio::co_spawn(loop, spool->append(message(id, "app", 2)),
                            [this, id](std::exception_ptr, base::Result<void> r) {
                              does(id, "0 queued +0s; 1 queued +0s", r);
                            });
    }
    loop.restart();
    loop.run();
  }
  base::Result<void> touched(base::Task<base::Result<std::size_t>> task) {
    const auto result = run(std::move(task));
    if (result.has_error()) return result.error();
    return {};
  }

  void play() {
    if (try_open().has_error()) return;
    append_together({"A1", "A2", "A3"});
    if (!stopped) does("A1", "1 queued +0s", settle("A1", done(0)));
    if (!stopped)
      does("A2", "0 queued +9s attempts 1 (451 later); 1 queued +0s",
           settle("A2", retry(0, now + seconds(9))));
    if (!stopped) does("A1", "", settle("A1", done(1)));
    if (!stopped) append_together({"B1", "B2"});
    if (!stopped) does("A3", "0 held: stop; 1 held: stop", touched(spool->hold("A3", "stop")));
    if (!stopped) does("A3", "0 queued +3s; 1 queued +3s", touched(spool->release("A3", now + seconds(3))));
    if (!stopped) does("B1", "", touched(spool->remove("B1")));
  }

  void expect_consistent() {
    open();
    std::size_t messages = 0;
    std::uint64_t recipients = 0;
    for (const auto& m : run(spool->list(100, "")).value()) {
      EXPECT_TRUE(allowed.contains(m->id)) << m->id << " came from nowhere";
      recipients += m->recipients.size();
      ++messages;
    }
    for (const auto& [id, states] : allowed) {
      const std::string found = state(id);
      EXPECT_TRUE(states.contains(found)) << id << " is \"" << found << "\"";
      if (found.empty()) continue;
      const auto loaded = run(spool->load(id)).value();
      EXPECT_EQ(loaded->content.header, message(id)->content.header);
      EXPECT_EQ(*loaded->content.body, *message(id)->content.body);
    }
    EXPECT_EQ(spool->totals().messages, messages);
    EXPECT_EQ(spool->totals().queued + spool->totals().held, recipients);
    put("Z1");  // and it goes on
  }
};

// Plays the history with a fault at step 0, 1, 2 ... until there are no more steps.
template <class Recover>
void at_every_step(FaultyVfs& vfs, FaultyVfs::Fault fault, const Recover& recover) {
  bool fired = true;
  for (std::uint64_t step = 0; fired; ++step) {
    SCOPED_TRACE(fmt::format("fault at step {}", step));
    ASSERT_LT(step, 2000U);
    History history;
    vfs.fail_at(step, fault);
    history.play();
    history.spool.reset();
    fired = vfs.fired();
    recover(step);
    history.expect_consistent();
    history.spool.reset();
    vfs.restart();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Durability, a_killed_process_loses_nothing_that_was_acknowledged) {
  FaultyVfs vfs;
  at_every_step(vfs, FaultyVfs::Fault::crash, [&vfs](std::uint64_t) { vfs.restart(); });
}

TEST(Durability, a_power_loss_that_takes_all_unsynced_writes_loses_nothing_that_was_acknowledged) {
  FaultyVfs vfs;
  at_every_step(vfs, FaultyVfs::Fault::crash,
                [&vfs](std::uint64_t) { vfs.power_loss([] { return false; }); });
}

TEST(Durability, a_power_loss_that_keeps_some_unsynced_writes_leaves_nothing_by_half) {
  FaultyVfs vfs;
  at_every_step(vfs, FaultyVfs::Fault::crash, [&vfs](std::uint64_t step) {
    std::mt19937_64 random(step);
    vfs.power_loss([&random] { return random() % 2 == 0; });
  });
}

TEST(Durability, a_single_failed_write_or_sync_loses_nothing_that_was_acknowledged) {
  FaultyVfs vfs;
  at_every_step(vfs, FaultyVfs::Fault::io_error, [&vfs](std::uint64_t) { vfs.restart(); });
}

struct FaultySpool : testing::Test {
  FaultyVfs vfs;
  Fixture f;
  FaultySpool() { f.open(); }
};

TEST_F(FaultySpool, nothing_is_acknowledged_after_a_failed_sync) {
  f.put("A1");
  vfs.fail_at(0, FaultyVfs::Fault::io_error);
  EXPECT_EQ(f.append(f.message("A2")).error().code, base::Errc::io);
  EXPECT_TRUE(f.spool->failed());
  EXPECT_EQ(f.append(f.message("A3")).error().code, base::Errc::io);
  EXPECT_EQ(f.settle("A1", done()).error().code, base::Errc::io);
  EXPECT_EQ(f.run(f.spool->due(f.now, 10, 10, {})).error().code, base::Errc::io);
  EXPECT_THAT(f.lines, testing::Contains(testing::HasSubstr("spool failed")));
  f.open();
  EXPECT_FALSE(f.spool->failed());
  EXPECT_EQ(f.state("A1"), "0 queued +0s");
  EXPECT_EQ(f.state("A3"), "");
}

TEST_F(FaultySpool, a_failed_sync_fails_every_waiter_of_the_batch) {
  std::vector<base::Errc> errors;
  std::promise<void> queued;
  vfs.before_sync([&queued, waiting = queued.get_future().share()] { waiting.wait_for(seconds(20)); });
  for (int i = 0; i < 30; ++i) {
    boost::asio::co_spawn(f.loop, f.spool->append(f.message(fmt::format("M{}", i))),
                          [&errors](std::exception_ptr, const base::Result<void>& r) {
                            if (r.has_error()) errors.push_back(r.error().code);
                          });
  }
  f.loop.restart();
  f.loop.poll();
  vfs.fail_at(0, FaultyVfs::Fault::crash);  // the sync that waits is the first step
  queued.set_value();
  f.loop.run();
  EXPECT_THAT(errors, testing::AllOf(testing::SizeIs(30), testing::Each(base::Errc::io)));
}

TEST_F(FaultySpool, many_appends_share_few_commits) {
  std::promise<void> queued;
  vfs.before_sync([&queued, waiting = queued.get_future().share()] { waiting.wait_for(seconds(20)); });
  int stored = 0;
  for (int i = 0; i < 100; ++i) {
    boost::asio::co_spawn(
        f.loop, f.spool->append(f.message(fmt::format("M{}", i))),
        [&stored](std::exception_ptr, const base::Result<void>& r) { stored += r.has_value(); });
  }
  f.loop.restart();
  f.loop.poll();
  EXPECT_EQ(stored, 0);
  queued.set_value();
  f.loop.run();
  EXPECT_EQ(stored, 100);
  const auto& batches = f.metrics.histogram("postern_spool_batch_messages", "", {});
  EXPECT_LE(batches.count(), 2U);  // what the writer had begun with, and all the rest
  EXPECT_EQ(f.metrics.histogram("postern_spool_commit_seconds", "", {}).count(), batches.count());
}

TEST_F(FaultySpool, a_full_disk_refuses_new_mail_but_settles_what_is_there) {
  for (int i = 0; i < 20; ++i) f.put(fmt::format("M{}", i));
  f.open();  // checkpointed
  vfs.set_room(100000);
  auto large = f.message("L1");
  large->content.body = std::make_shared<const std::string>(1000000, 'x');
  large->content.body_size = large->content.body->size();
  EXPECT_EQ(f.append(large).error().code, base::Errc::full);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(f.settle(fmt::format("M{}", i), done()).has_error()) << i;
  EXPECT_EQ(f.append(large).error().code, base::Errc::full);
  EXPECT_FALSE(f.spool->failed());
  EXPECT_EQ(f.spool->totals().messages, 0U);
  vfs.set_room(-1);
  EXPECT_FALSE(f.append(large).has_error());
  f.open();
  EXPECT_EQ(f.state("L1"), "0 queued +0s");
}

TEST_F(FaultySpool, on_a_full_disk_a_batch_is_taken_apart) {
  for (int i = 0; i < 5; ++i) f.put(fmt::format("M{}", i));
  auto large = f.message("L1");
  large->content.body = std::make_shared<const std::string>(1000000, 'x');
  large->content.body_size = large->content.body->size();
  std::promise<void> queued;
  vfs.before_sync([&queued, waiting = queued.get_future().share()] { waiting.wait_for(seconds(20)); });
  std::map<std::string, base::Errc> errors;
  const auto note = [&errors](const std::string& name) {
    return [&errors, name](std::exception_ptr, const base::Result<void>& r) {
      if (r.has_error()) errors[name] = r.error().code;
    };
  };
  boost::asio::co_spawn(f.loop, f.spool->settle("M0", std::vector<Settlement>{done()}), note("M0"));
  boost::asio::co_spawn(f.loop, f.spool->append(large), note("L1"));
  boost::asio::co_spawn(f.loop, f.spool->settle("M1", std::vector<Settlement>{done()}), note("M1"));
  f.loop.restart();
  f.loop.poll();
  vfs.set_room(100000);
  queued.set_value();
  f.loop.run();
  EXPECT_THAT(errors, testing::ElementsAre(testing::Pair("L1", base::Errc::full)));
  EXPECT_EQ(f.spool->totals().messages, 3U);
}

TEST_F(FaultySpool, a_failed_settle_on_a_failed_disk_leaves_the_totals_alone) {
  f.put("A1");
  const Totals before = f.spool->totals();
  vfs.fail_at(0, FaultyVfs::Fault::crash);
  EXPECT_EQ(f.settle("A1", done()).error().code, base::Errc::io);
  EXPECT_EQ(f.spool->totals().messages, before.messages);
  EXPECT_EQ(f.spool->totals().bytes, before.bytes);
}

}  // namespace
}  // namespace postern::spool
