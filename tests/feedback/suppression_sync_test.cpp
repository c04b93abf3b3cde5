#include <cmath>

#include "feedback/fixture.hpp"

namespace postern::feedback::test {
namespace {

using base::Errc;

struct SuppressionSyncTest : SyncFixture {};

TEST_F(SuppressionSyncTest, the_first_pass_is_whole_and_comes_soon) {
  ses_lists(5);
  start();
  advance(seconds(10));
  EXPECT_EQ(list.addresses(), listed_at_ses());
  EXPECT_EQ(ses.count("list"), 3u);
  EXPECT_EQ(ses.calls[1].query.reasons, (Names{"BOUNCE", "COMPLAINT"}));
  EXPECT_FALSE(ses.calls[1].query.start_date);
  EXPECT_EQ(list.state.scope, "eu-central-1  BOUNCE COMPLAINT");
  const auto status = sync->status();
  EXPECT_EQ(status.entries, 5u);
  EXPECT_TRUE(status.last_good && status.last_full);
  EXPECT_TRUE(status.last_error.empty());
  EXPECT_EQ(metric("postern_suppression_sync_entries"), 5);
  EXPECT_EQ(metric("postern_suppression_sync_total{result=\"good\"}"), 1);
}

TEST_F(SuppressionSyncTest, never_asks_twice_within_a_second_whoever_asks) {
  ses_lists(40);
  start();
  advance(seconds(5));
  boost::asio::co_spawn(loop, sync->put("new@example.com", "BOUNCE"),
                        [](std::exception_ptr, base::Result<void>) {});
  boost::asio::co_spawn(loop, sync->remove("user1001@example.com"),
                        [](std::exception_ptr, base::Result<SuppressionSync::Removal>) {});
  advance(minutes(20));
  ASSERT_GT(ses.calls.size(), 22u);
  for (std::size_t i = 1; i < ses.calls.size(); ++i)
    EXPECT_GE(ses.calls[i].at - ses.calls[i - 1].at, seconds(1)) << i;
  EXPECT_EQ(ses.calls[9].at - ses.calls[8].at, seconds(1));  // and wastes none
  EXPECT_EQ(ses.count("put new@example.com"), 1u);
  EXPECT_EQ(ses.count("delete user1001@example.com"), 1u);
}

TEST_F(SuppressionSyncTest, changes_are_asked_for_every_interval_from_ten_minutes_before_the_last_pass) {
  ses_lists(3);
  ses.skew = minutes(-7);
  start();
  advance(seconds(10));
  const auto first = *list.state.changes_from;
  EXPECT_LE(std::chrono::abs(first - (clock.wall_now() - minutes(7))), seconds(10));
  ses.list("fresh@example.com");
  advance(minutes(4));
  EXPECT_EQ(list.addresses().size(), 3u);
  advance(minutes(2));
  EXPECT_EQ(list.addresses(), listed_at_ses());
  EXPECT_EQ(ses.last_query().start_date, first - minutes(10));
  ses.listed.erase("user1000@example.com");
  advance(minutes(6));
  EXPECT_EQ(list.addresses().size(), 4u);  // changes don't tell of deletions
  EXPECT_EQ(times_logged("status=clock"), 1u);
  EXPECT_EQ(sync->status().clock_skew, minutes(-7));
}

TEST_F(SuppressionSyncTest, the_whole_list_is_asked_for_every_full_interval) {
  ses_lists(3);
  settings->full_interval = hours(2);
  start();
  advance(seconds(10));
  ses.listed.erase("user1000@example.com");
  advance(minutes(100));
  EXPECT_EQ(list.addresses().size(), 3u);
  advance(minutes(30));
  EXPECT_EQ(list.addresses(), listed_at_ses());
}

TEST_F(SuppressionSyncTest, intervals_have_jitter_and_keep_within_a_tenth) {
  ses_lists(1);
  start();
  advance(hours(5));
  std::vector<base::SteadyTime> at;
  for (const auto& call : ses.calls)
    if (call.query.start_date) at.push_back(call.at);
  ASSERT_GT(at.size(), 50u);
  std::set<std::int64_t> apart;
  for (std::size_t i = 1; i < at.size(); ++i) {
    EXPECT_GE(at[i] - at[i - 1], seconds(270)) << i;
    EXPECT_LE(at[i] - at[i - 1], seconds(333)) << i;
    apart.insert((at[i] - at[i - 1]).count());
  }
  EXPECT_GT(apart.size(), 20u);
}

TEST_F(SuppressionSyncTest, asks_nothing_when_off_but_a_full_pass_on_request) {
  settings->enabled = false;
  ses_lists(3);
  start();
  advance(hours(30));
  EXPECT_TRUE(ses.calls.empty());
  EXPECT_TRUE(std::isnan(metric("postern_suppression_sync_age_seconds")));
  const auto id = sync->request_full(false);
  advance(seconds(10));
  EXPECT_EQ(list.addresses().size(), 3u);
  ASSERT_TRUE(sync->status().last_finished);
  EXPECT_EQ(sync->status().last_finished->id, id);
  EXPECT_TRUE(sync->status().last_finished->good);
  advance(hours(30));
  EXPECT_EQ(ses.count("list"), 2u);
}

TEST_F(SuppressionSyncTest, a_request_during_a_pass_is_that_pass_and_status_shows_how_far_it_is) {
  ses_lists(40);
  start();
  advance(seconds(8));
  const auto id = sync->request_full(false);
  ASSERT_TRUE(sync->status().full);
  EXPECT_EQ(sync->status().full->id, id);
  EXPECT_GT(sync->status().full->pages, 2u);
  EXPECT_EQ(sync->status().full->entries, sync->status().full->pages * 2);
  EXPECT_GT(sync->status().full->entries_per_second, 1.0);
  EXPECT_LT(sync->status().full->entries_per_second, 3.0);
  advance(minutes(1));
  EXPECT_FALSE(sync->status().full);
  EXPECT_EQ(sync->status().last_finished->id, id);
  const auto next = sync->request_full(false);
  EXPECT_GT(next, id);
  EXPECT_EQ(sync->request_full(false), next);
  settle();
  ASSERT_TRUE(sync->status().full);
  EXPECT_EQ(sync->status().full->expected, 40u);
  advance(minutes(1));
  EXPECT_EQ(sync->status().last_finished->id, next);
}

TEST_F(SuppressionSyncTest, a_long_pass_tells_its_progress) {
  ses.page_size = 1;
  ses_lists(130);
  start();
  advance(minutes(3));
  EXPECT_EQ(times_logged("status=running"), 4u) << logged;  // at 30, 50, 80 and 100 pages
  EXPECT_NE(logged.find("per_second="), std::string::npos);
}

TEST_F(SuppressionSyncTest, what_bounces_during_a_long_full_pass_does_not_wait_for_its_end) {
  ses_lists(4);
  settings->interval = minutes(1);
  start();
  advance(seconds(20));
  ses_lists(400, "more");
  sync->request_full(false);
  advance(seconds(30));
  ses.list("zz@example.com");
  advance(minutes(2));
  ASSERT_TRUE(sync->status().full);
  EXPECT_TRUE(list.current.contains("zz@example.com"));
  EXPECT_FALSE(list.current.contains("more1000@example.com"));
  advance(minutes(5));
  EXPECT_EQ(list.addresses(), listed_at_ses());
}

TEST_F(SuppressionSyncTest, other_reasons_or_another_region_are_another_list) {
  ses_lists(3);
  ses.list("c@example.com", "COMPLAINT");
  start();
  advance(seconds(10));
  EXPECT_EQ(list.addresses().size(), 4u);
  auto changed = *settings;
  changed.reasons = {"COMPLAINT"};
  use(changed);
  advance(seconds(10));
  EXPECT_EQ(list.addresses(), (Names{"c@example.com"}));
  changed.region = "us-east-1";
  ses_lists(2, "other");
  use(changed);
  advance(seconds(5));
  EXPECT_EQ(list.state.scope, "us-east-1  COMPLAINT");
}

TEST_F(SuppressionSyncTest, settings_that_change_in_the_middle_of_a_pass_begin_it_anew) {
  ses_lists(40);
  start();
  advance(seconds(8));
  auto changed = *settings;
  changed.region = "us-east-1";
  use(changed);
  advance(minutes(1));
  EXPECT_EQ(list.state.scope, "us-east-1  BOUNCE COMPLAINT");
  EXPECT_EQ(list.addresses().size(), 40u);
}

TEST_F(SuppressionSyncTest, a_pass_cut_by_a_restart_goes_on_at_its_token) {
  ses_lists(40);
  start();
  advance(seconds(10));
  const auto token = list.passes.at(suppression::PassKind::full).first.next_token;
  const auto asked = ses.count("list");
  ASSERT_GT(asked, 4u);
  restart();
  advance(seconds(4));
  EXPECT_NE(logged.find("status=resumed"), std::string::npos);
  advance(minutes(1));
  EXPECT_EQ(list.addresses(), listed_at_ses());
  EXPECT_EQ(ses.count("list"), 20u);  // every page once
  bool seen = false;
  for (const auto& call : ses.calls) seen = seen || call.query.next_token == token;
  EXPECT_TRUE(seen);
}

TEST_F(SuppressionSyncTest, a_pass_cut_too_long_ago_or_of_another_list_begins_anew) {
  for (const bool long_ago : {true, false}) {
    ses_lists(20);
    start();
    advance(seconds(8));
    stop();
    const auto asked = ses.calls.size();
    if (long_ago) clock.set(minutes(61));
    if (!long_ago) settings->region = "us-east-1";
    start();
    advance(seconds(6));
    std::size_t first = asked;
    while (ses.calls.at(first).what != "list") ++first;
    EXPECT_TRUE(ses.calls[first].query.next_token.empty());
    advance(minutes(1));
    EXPECT_EQ(list.addresses(), listed_at_ses());
    stop();
    list.state = {};
    list.passes.clear();
  }
}

TEST_F(SuppressionSyncTest, a_start_after_a_recent_pass_asks_for_changes_only) {
  ses_lists(3);
  start();
  advance(seconds(10));
  restart();
  EXPECT_EQ(sync->status().entries, 3u);
  EXPECT_TRUE(sync->status().last_good);
  advance(seconds(5));
  EXPECT_TRUE(ses.last_query().start_date);
}

TEST_F(SuppressionSyncTest, a_start_finishes_what_was_cut_and_sweeps) {
  list.state.merging = true;
  list.sweeps = 5;
  settings->enabled = false;
  start();
  advance(seconds(1));
  EXPECT_FALSE(list.state.merging);
  EXPECT_EQ(list.sweeps, 0);
}

TEST_F(SuppressionSyncTest, the_age_grows_from_the_last_good_pass_and_has_no_end_before_the_first) {
  ses_lists(1);
  ses.failing[0] = ses.failing[1] = base::fail(Errc::permission, "not authorized");
  start();
  advance(seconds(10));
  EXPECT_TRUE(std::isinf(metric("postern_suppression_sync_age_seconds")));
  ses.failing.clear();
  advance(minutes(6));
  const double age = metric("postern_suppression_sync_age_seconds");
  EXPECT_GE(age, 0);
  EXPECT_LT(age, 120);
  for (std::size_t i = 0; i < 1000; ++i) ses.failing[i] = base::fail(Errc::permission, "not authorized");
  advance(minutes(30));
  EXPECT_NEAR(metric("postern_suppression_sync_age_seconds"), age + 1800, 1);
}

TEST_F(SuppressionSyncTest, entries_that_nothing_can_match_get_one_line_a_pass) {
  ses_lists(1);
  for (const std::string name : {"a b", "c d", "e f", "g h"}) ses.list_old(name + "@example.com");
  start();
  advance(seconds(20));
  EXPECT_EQ(list.addresses(), (Names{"user1000@example.com"}));
  EXPECT_EQ(times_logged("status=skipped"), 1u);
  EXPECT_NE(logged.find("a b@example.com"), std::string::npos);
  EXPECT_EQ(metric("postern_suppression_sync_skipped_entries"), 4);
}

TEST_F(SuppressionSyncTest, the_list_gets_the_time_of_ses) {
  ses.skew = minutes(20);
  start();
  EXPECT_EQ(list.ses_time(), clock.wall_now() + minutes(20));
}

}  // namespace
}  // namespace postern::feedback::test
