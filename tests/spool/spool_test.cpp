#include "postern/spool/spool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "postern/spool/body_file.hpp"
#include "spool/fixture.hpp"

namespace postern::spool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct SpoolTest : testing::Test, Fixture {
  SpoolTest() { open(); }
};

TEST_F(SpoolTest, gives_back_what_was_appended_also_after_a_restart) {
  auto m = message("A1", "user:bob", 2);
  m->ret = "HDRS";
  m->envid = "QQ314159";
  m->eight_bit = true;
  m->content.body =
      std::make_shared<const std::string>(std::string("\0\xff\r\n", 4) + std::string(70000, 'x'));
  m->content.body_size = m->content.body->size();
  m->recipients[1].orcpt = "rfc822;x@example.org";
  m->recipients[1].notify = "FAILURE,DELAY";
  ASSERT_FALSE(append(m).has_error());
  open();
  const MessagePtr read = run(spool->load("A1")).value();
  EXPECT_EQ(read->sender, m->sender);
  EXPECT_EQ(read->stream, "user:bob");
  EXPECT_EQ(read->client, m->client);
  EXPECT_EQ(read->ret, "HDRS");
  EXPECT_EQ(read->envid, "QQ314159");
  EXPECT_TRUE(read->eight_bit);
  EXPECT_EQ(read->arrived, m->arrived);
  EXPECT_EQ(read->content.header, m->content.header);
  EXPECT_EQ(*read->content.body, *m->content.body);
  EXPECT_EQ(read->content.body_size, m->content.body_size);
  ASSERT_EQ(read->recipients.size(), 2U);
  EXPECT_EQ(read->recipients[1].address, "r1@example.net");
  EXPECT_EQ(read->recipients[1].orcpt, "rfc822;x@example.org");
  EXPECT_EQ(read->recipients[1].notify, "FAILURE,DELAY");
}

TEST_F(SpoolTest, the_message_goes_with_its_last_recipient) {
  put("A1", "app", 2);
  ASSERT_FALSE(settle("A1", done(1)).has_error());
  EXPECT_EQ(state("A1"), "0 queued +0s");
  ASSERT_FALSE(settle("A1", done(0)).has_error());
  EXPECT_EQ(run(spool->load("A1")).error().code, base::Errc::not_found);
  EXPECT_EQ(settle("A1", done(0)).error().code, base::Errc::not_found);
}

TEST_F(SpoolTest, keeps_the_state_of_each_recipient) {
  put("A1", "app", 4);
  Settlement unreachable = retry(1, now + seconds(5), "connection refused");
  unreachable.count_attempt = false;
  const std::vector<Settlement> outcomes = {done(0), unreachable, retry(2, now + seconds(30)),
                                            hold(3, "not verified")};
  ASSERT_FALSE(run(spool->settle("A1", outcomes)).has_error());
  open();
  EXPECT_EQ(state("A1"),
            "1 queued +5s (connection refused); 2 queued +30s attempts 1 (451 later); "
            "3 held: not verified attempts 1");
}

TEST_F(SpoolTest, settling_the_same_recipient_again_changes_nothing) {
  put("A1", "app", 2);
  ASSERT_FALSE(settle("A1", done(0)).has_error());
  const std::vector<Settlement> twice = {done(0), retry(1, now + seconds(5)), retry(1, now + seconds(9))};
  ASSERT_FALSE(run(spool->settle("A1", twice)).has_error());
  EXPECT_EQ(state("A1"), "1 queued +5s attempts 1 (451 later)");
}

TEST_F(SpoolTest, refuses_a_message_alone_not_its_batch) {
  put("A1");
  auto broken = message("A3");
  broken->recipients.clear();
  auto doubled = message("A4", "app", 2);
  doubled->recipients[1].number = 0;
  auto stray = message("A5");
  stray->content.body_file = "/etc/passwd";
  std::map<std::string, base::Result<void>> results;
  for (const auto& m : {message("A1"), message("A2"), broken, doubled, stray, message("A6")}) {
    boost::asio::co_spawn(loop, spool->append(m),
                          [&results, id = m->id](std::exception_ptr, base::Result<void> r) {
                            results.emplace(id, std::move(r));
                          });
  }
  loop.restart();
  loop.run();
  EXPECT_EQ(results.at("A1").error().code, base::Errc::exists);
  EXPECT_FALSE(results.at("A2").has_error());
  EXPECT_EQ(results.at("A3").error().code, base::Errc::invalid);
  EXPECT_EQ(results.at("A4").error().code, base::Errc::invalid);
  EXPECT_EQ(results.at("A5").error().code, base::Errc::invalid);
  EXPECT_FALSE(results.at("A6").has_error());
  EXPECT_EQ(spool->totals().messages, 3U);
  EXPECT_FALSE(spool->failed());
}

TEST_F(SpoolTest, tells_subscribers_before_append_returns) {
  std::vector<std::string> events;
  spool->subscribe([&events](const MessagePtr& m) { events.push_back("told " + m->id); });
  boost::asio::co_spawn(loop, spool->append(message("A1")),
                        [&events](std::exception_ptr, base::Result<void>) { events.push_back("returned"); });
  loop.restart();
  loop.run();
  EXPECT_EQ(append(message("A1")).error().code, base::Errc::exists);  // not told
  EXPECT_THAT(events, ElementsAre("told A1", "returned"));
}

TEST_F(SpoolTest, the_operator_holds_releases_flushes_and_removes_one_message) {
  put("A1", "app", 2);
  put("A2");
  settle("A1", retry(0, now + seconds(60))).value();
  EXPECT_EQ(run(spool->make_due("A1", now)).value(), 1U);
  EXPECT_EQ(state("A1"), "0 queued +0s attempts 1 (451 later); 1 queued +0s");
  EXPECT_EQ(run(spool->hold("A1", "operator")).value(), 1U);
  EXPECT_EQ(run(spool->hold("A1", "again")).value(), 0U);
  EXPECT_EQ(state("A1"), "0 held: operator attempts 1 (451 later); 1 held: operator");
  EXPECT_EQ(run(spool->make_due("A1", now)).value(), 0U);
  EXPECT_THAT(due_ids(), ElementsAre("A2"));
  EXPECT_EQ(run(spool->release("A1", now + seconds(7))).value(), 1U);
  EXPECT_EQ(state("A1"), "0 queued +7s attempts 1 (451 later); 1 queued +7s");
  EXPECT_EQ(run(spool->remove("A1")).value(), 1U);
  EXPECT_EQ(run(spool->remove("A1")).value(), 0U);
  EXPECT_EQ(state("A1"), "");
  EXPECT_THAT(due_ids(), ElementsAre("A2"));
}

TEST_F(SpoolTest, all_reaches_every_message_in_slices) {
  for (int i = 0; i < 600; ++i) {
    boost::asio::co_spawn(loop, spool->append(message(fmt::format("M{:04}", i))),
                          [](std::exception_ptr, base::Result<void> r) { r.value(); });
  }
  loop.restart();
  loop.run();
  EXPECT_EQ(run(spool->hold("all", "stop")).value(), 600U);
  EXPECT_THAT(due_ids(), IsEmpty());
  EXPECT_EQ(spool->totals().held, 600U);
  EXPECT_EQ(run(spool->release("all", now)).value(), 600U);
  EXPECT_EQ(due_ids(1000, 1000).size(), 600U);
  EXPECT_EQ(run(spool->remove("all")).value(), 600U);
  EXPECT_EQ(spool->totals().messages, 0U);
  EXPECT_EQ(run(spool->next_due()).value(), std::nullopt);
}

TEST_F(SpoolTest, at_start_everything_that_is_not_held_is_due) {
  put("A1", "app", 2);
  const std::vector<Settlement> outcomes = {hold(0, "operator"), retry(1, now + seconds(600))};
  run(spool->settle("A1", outcomes)).value();
  put("A2");
  EXPECT_EQ(run(spool->next_due()).value(), now);
  ASSERT_FALSE(run(spool->make_all_due(now + seconds(1))).has_error());
  EXPECT_EQ(state("A1"), "0 held: operator attempts 1; 1 queued +1s attempts 1 (451 later)");
  EXPECT_EQ(state("A2"), "0 queued +0s");
}

TEST_F(SpoolTest, a_recipient_that_the_operator_held_stays_held_on_retry) {
  put("A1", "app", 2);
  run(spool->hold("A1", "operator")).value();
  const std::vector<Settlement> outcomes = {retry(0, now + seconds(5)), done(1)};
  run(spool->settle("A1", outcomes)).value();
  EXPECT_EQ(state("A1"), "0 held: operator attempts 1 (451 later)");
  EXPECT_EQ(spool->totals().held, 1U);
  EXPECT_EQ(spool->totals().queued, 0U);
}

TEST_F(SpoolTest, lists_page_by_page_without_content_but_with_its_size) {
  for (const char* id : {"A3", "A1", "A2"}) put(id, "app", 2);
  const auto first = run(spool->list(2, "")).value();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0]->id, "A1");
  EXPECT_EQ(first[1]->id, "A2");
  EXPECT_EQ(first[0]->recipients.size(), 2U);
  EXPECT_EQ(first[0]->content.body, nullptr);
  EXPECT_EQ(first[0]->content.size(), message("A1")->content.size());
  const auto second = run(spool->list(2, "A2")).value();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0]->id, "A3");
}

TEST_F(SpoolTest, totals_follow_every_change_and_are_the_same_after_a_restart) {
  auto older = message("A1", "app", 3);
  older->arrived = now - seconds(100);
  append(older).value();
  put("A2");
  const std::vector<Settlement> outcomes = {done(0), hold(1, "x")};
  run(spool->settle("A1", outcomes)).value();
  for (int round = 0; round < 2; ++round) {
    const Totals t = spool->totals();
    EXPECT_EQ(t.messages, 2U);
    EXPECT_EQ(t.queued, 2U);
    EXPECT_EQ(t.held, 1U);
    EXPECT_EQ(t.bytes, older->content.size() + message("A2")->content.size());
    EXPECT_EQ(t.oldest, now - seconds(100));
    open();
  }
  run(spool->remove("A1")).value();
  EXPECT_EQ(spool->totals().oldest, now);
  settle("A2", done()).value();
  EXPECT_EQ(spool->totals().oldest, std::nullopt);
  EXPECT_EQ(spool->totals().bytes, 0U);
}

TEST_F(SpoolTest, a_large_body_lies_in_a_file_until_the_message_is_done) {
  auto m = message("A1");
  auto file = BodyFile::create(spool->new_body_path("A1"));
  file.value().write("large").value();
  file.value().sync().value();
  m->content.body = nullptr;
  m->content.body_file = file->path();
  m->content.body_size = 5;
  append(m).value();
  file->keep();
  open();
  const auto loaded = run(spool->load("A1")).value();
  EXPECT_EQ(loaded->content.body_file, m->content.body_file);
  EXPECT_EQ(loaded->content.body, nullptr);
  EXPECT_EQ(loaded->content.body_size, 5U);
  settle("A1", done()).value();
  spool->close();  // the file goes after the commit
  EXPECT_FALSE(std::filesystem::exists(m->content.body_file));
}

TEST_F(SpoolTest, close_commits_what_is_queued_and_refuses_what_comes_later) {
  std::vector<bool> stored;
  for (int i = 0; i < 20; ++i) {
    boost::asio::co_spawn(
        loop, spool->append(message(fmt::format("M{}", i))),
        [&stored](std::exception_ptr, base::Result<void> r) { stored.push_back(r.has_value()); });
  }
  loop.restart();
  loop.poll();
  spool->close();
  loop.restart();
  loop.run();
  EXPECT_THAT(stored, testing::AllOf(testing::SizeIs(20), testing::Each(true)));
  EXPECT_EQ(append(message("B1")).error().code, base::Errc::closed);
  EXPECT_EQ(run(spool->load("M1")).error().code, base::Errc::closed);
  EXPECT_FALSE(std::filesystem::exists(directory.file("spool.db-wal")));
  open();
  EXPECT_EQ(spool->totals().messages, 20U);
}

}  // namespace
}  // namespace postern::spool
