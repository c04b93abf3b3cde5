#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spool/fixture.hpp"

namespace postern::spool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Due : testing::Test, Fixture {
  Due() { open(); }
};

TEST_F(Due, streams_take_turns) {
  for (int i = 0; i < 5; ++i) put(fmt::format("N{}", i), "newsletter");
  put("P1", "password");
  put("P2", "password");
  EXPECT_THAT(due_ids(), ElementsAre("N0", "P1", "N1", "P2", "N2", "N3", "N4"));
}

TEST_F(Due, a_small_limit_goes_on_with_the_next_stream) {
  for (int i = 0; i < 3; ++i) {
    put(fmt::format("A{}", i), "a");
    put(fmt::format("B{}", i), "b");
    put(fmt::format("C{}", i), "c");
  }
  EXPECT_THAT(due_ids(1), ElementsAre("A0"));
  EXPECT_THAT(due_ids(1, 100, {"A0"}), ElementsAre("B0"));
  EXPECT_THAT(due_ids(1, 100, {"A0", "B0"}), ElementsAre("C0"));
  EXPECT_THAT(due_ids(2, 100, {"A0", "B0", "C0"}), ElementsAre("A1", "B1"));
}

TEST_F(Due, first_attempts_precede_retries) {
  put("A1", "a");
  settle("A1", retry(0, now - seconds(100))).value();
  put("A2", "a");
  put("B1", "b");
  settle("B1", retry(0, now - seconds(200))).value();
  put("C1", "c");
  EXPECT_THAT(due_ids(), ElementsAre("A2", "C1", "B1", "A1"));
}

TEST_F(Due, a_failed_connection_leaves_a_first_attempt_first) {
  put("A1");
  Settlement refused = retry(0, now);
  refused.count_attempt = false;
  settle("A1", refused).value();
  put("A2");
  settle("A2", retry(0, now - seconds(9))).value();
  EXPECT_THAT(due_ids(), ElementsAre("A1", "A2"));
}

TEST_F(Due, a_stream_gets_no_more_than_its_share) {
  for (int i = 0; i < 100; ++i) put(fmt::format("N{:02}", i), "newsletter");
  put("P1", "password");
  EXPECT_THAT(due_ids(100, 3), ElementsAre("N00", "P1", "N01", "N02"));
}

TEST_F(Due, passes_over_what_is_in_flight_however_much) {
  std::set<std::string> in_flight;
  for (int i = 0; i < 100; ++i) {
    put(fmt::format("N{:02}", i));
    if (i < 98) in_flight.insert(fmt::format("N{:02}", i));
  }
  EXPECT_THAT(due_ids(10, 10, in_flight), ElementsAre("N98", "N99"));
}

TEST_F(Due, within_a_stream_the_earliest_is_first) {
  for (const int late : {3, 1, 2}) {
    put(fmt::format("A{}", late));
    settle(fmt::format("A{}", late), retry(0, now - seconds(10) + seconds(late))).value();
  }
  EXPECT_THAT(due_ids(), ElementsAre("A1", "A2", "A3"));
}

TEST_F(Due, holds_only_the_recipients_that_are_due_and_not_held) {
  put("A1", "app", 4);
  const std::vector<Settlement> outcomes = {done(0), hold(1, "x"), retry(2, now + seconds(5))};
  run(spool->settle("A1", outcomes)).value();
  const auto messages = run(spool->due(now, 10, 10, {})).value();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(describe(*messages[0]), "3 queued +0s");
  EXPECT_EQ(messages[0]->content.body, nullptr);
  settle("A1", done(3)).value();
  EXPECT_THAT(due_ids(), IsEmpty());
  EXPECT_EQ(run(spool->next_due()).value(), now + seconds(5));
  now += seconds(5);
  EXPECT_THAT(due_ids(), ElementsAre("A1"));
}

TEST_F(Due, next_due_is_the_earliest_over_all_streams) {
  EXPECT_EQ(run(spool->next_due()).value(), std::nullopt);
  put("A1", "a");
  put("B1", "b");
  put("C1", "");
  settle("A1", retry(0, now + seconds(20))).value();
  settle("B1", retry(0, now + seconds(10))).value();
  settle("C1", hold(0, "x")).value();
  EXPECT_EQ(run(spool->next_due()).value(), now + seconds(10));
}

TEST_F(Due, a_message_without_stream_has_its_turn_too) {
  put("A1", "");
  put("B1", "b");
  EXPECT_THAT(due_ids(), ElementsAre("A1", "B1"));
  EXPECT_THAT(due_ids(1), ElementsAre("A1"));
}

}  // namespace
}  // namespace postern::spool
