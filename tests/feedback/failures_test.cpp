// What goes wrong at SES and on the way: the list stays as it was, and is right again afterwards.
#include <algorithm>

#include "feedback/fixture.hpp"

namespace postern::feedback::test {
namespace {

using base::Errc;

struct SyncFailures : SyncFixture {
  // An old list of this scope in force, and another one at SES.
  void have_list() {
    ses_lists(6);
    start();
    advance(seconds(10));
    ASSERT_EQ(list.addresses().size(), 6u);
    ses.listed.erase("user1000@example.com");
    ses.list_old("aaa@example.com");
    before = list.addresses();
    first = ses.calls.size();
  }
  base::Result<aws::SuppressedPage> page(const Names& names, const std::string& next) const {
    aws::SuppressedPage made;
    for (const auto& name : names)
      made.addresses.push_back({name + "@example.com", "BOUNCE", clock.wall_now()});
    made.next_token = next;
    return made;
  }
  std::size_t whole_pages() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        ses.calls, [](const auto& call) { return call.what == "list" && !call.query.start_date; }));
  }
  Names before;
  std::size_t first = 0;  // request of what the test does
};

TEST_F(SyncFailures, every_failure_that_may_pass_is_waited_for_at_every_page) {
  for (const auto code : {Errc::busy, Errc::unavailable, Errc::timeout, Errc::refused, Errc::unreachable,
                          Errc::closed, Errc::protocol, Errc::io}) {
    for (std::size_t at = 0; at < 3; ++at) {
      have_list();
      ses.failing[first + at] = base::fail(code, "broken");
      const auto id = sync->request_full(false);
      advance(seconds(1));
      EXPECT_EQ(list.addresses(), before);
      advance(seconds(30));
      EXPECT_EQ(list.addresses(), listed_at_ses()) << to_string(code) << " at " << at;
      EXPECT_EQ(sync->status().last_finished->id, id);
      EXPECT_EQ(ses.calls.size(), first + 4);
      EXPECT_TRUE(sync->status().last_error.empty());
      stop();
      ses.failing.clear();
      ses.listed.clear();
      list.current.clear();
      list.state = {};
    }
  }
}

TEST_F(SyncFailures, what_will_not_pass_ends_the_pass_at_every_page_and_keeps_the_list) {
  for (const auto code : {Errc::permission, Errc::not_found, Errc::tls}) {
    for (std::size_t at = 0; at < 3; ++at) {
      have_list();
      ses.failing[first + at] = base::fail(code, "ses:ListSuppressedDestinations is missing");
      sync->request_full(false);
      advance(seconds(20));
      EXPECT_EQ(list.addresses(), before);
      EXPECT_EQ(ses.calls.size(), first + at + 1);
      EXPECT_FALSE(sync->status().last_finished->good);
      EXPECT_EQ(sync->status().last_error, "ses:ListSuppressedDestinations is missing");
      const std::string told = "status=failed kind=full error=\"" + std::string(to_string(code)) + "\"";
      EXPECT_NE(logged.find(told), std::string::npos) << logged;
      advance(minutes(6));  // goes on where it was
      EXPECT_EQ(list.addresses(), listed_at_ses());
      EXPECT_EQ(whole_pages(), 3u + 4u) << at;
      stop();
      ses.calls.clear();
      ses.failing.clear();
      ses.listed.clear();
      list.current.clear();
      list.state = {};
      list.passes.clear();
    }
  }
}

TEST_F(SyncFailures, waits_grow_have_jitter_and_end) {
  settings->interval = hours(1);
  have_list();
  for (std::size_t i = 0; i < 8; ++i) ses.failing[first + i] = base::fail(Errc::busy, "429");
  sync->request_full(false);
  advance(minutes(8));
  EXPECT_FALSE(sync->status().last_finished->good);
  std::vector<double> apart;
  for (std::size_t i = first + 1; i < first + 8; ++i)
    apart.push_back(std::chrono::duration<double>(ses.calls.at(i).at - ses.calls[i - 1].at).count());
  double bound = 2;
  double sum = 0;
  for (const double one : apart) {
    EXPECT_GE(one, 1);
    EXPECT_LE(one, std::max(bound, 1.0));
    bound = std::min(bound * 2, 300.0);
    sum += one;
  }
  EXPECT_GT(sum, 30);
  EXPECT_EQ(metric("postern_suppression_sync_total{result=\"failed\"}"), 1);
}

TEST_F(SyncFailures, an_endpoint_that_stays_away_keeps_the_list_and_is_used_again_when_it_is_back) {
  have_list();
  for (std::size_t i = first; i < first + 40; ++i)
    ses.failing[i] = base::fail(Errc::timeout, "no answer in time");
  advance(hours(3));
  EXPECT_EQ(list.addresses().size(), 6u);
  EXPECT_EQ(sync->status().last_error.empty(), ses.calls.size() > first + 40);
  ses.failing.clear();
  ses.list("fresh@example.com");
  advance(minutes(20));
  EXPECT_TRUE(list.current.contains("fresh@example.com"));
  EXPECT_TRUE(sync->status().last_error.empty());
}

TEST_F(SyncFailures, a_refused_token_begins_the_pass_anew) {
  have_list();
  ses.failing[first + 1] = base::fail(Errc::invalid, "InvalidNextTokenException");
  sync->request_full(false);
  advance(seconds(20));
  EXPECT_EQ(list.addresses(), listed_at_ses());
  EXPECT_EQ(ses.calls.size(), first + 2 + 3);
  EXPECT_TRUE(ses.calls[first + 2].query.next_token.empty());
}

TEST_F(SyncFailures, tokens_refused_again_and_again_end_the_pass) {
  have_list();
  ses.instead = [](const aws::SuppressedQuery& query) -> std::optional<FakeSes::Page> {
    if (query.next_token.empty()) return std::nullopt;
    return FakeSes::Page(base::fail(Errc::invalid, "InvalidNextTokenException"));
  };
  sync->request_full(false);
  advance(seconds(60));
  EXPECT_EQ(list.addresses(), before);
  EXPECT_FALSE(sync->status().last_finished->good);
  EXPECT_EQ(ses.calls.size(), first + 8);
}

TEST_F(SyncFailures, a_bad_request_is_no_token_and_fails_at_once) {
  have_list();
  ses.failing[first] = base::fail(Errc::invalid, "BadRequestException");
  sync->request_full(false);
  advance(seconds(20));
  EXPECT_EQ(ses.calls.size(), first + 1);
  EXPECT_EQ(list.addresses(), before);
}

TEST_F(SyncFailures, tokens_that_go_round_end_the_pass) {
  have_list();
  int asked = 0;
  ses.instead = [this, &asked](const aws::SuppressedQuery&) -> std::optional<FakeSes::Page> {
    return page({"x" + std::to_string(asked)}, "t" + std::to_string(asked++ % 7));
  };
  sync->request_full(false);
  advance(seconds(60));
  EXPECT_LT(asked, 30);
  EXPECT_EQ(list.addresses(), before);
  EXPECT_NE(sync->status().last_error.find("circle"), std::string::npos);
  ses.instead = nullptr;
  advance(minutes(6));
  EXPECT_EQ(sync->status().last_error, "");
}

TEST_F(SyncFailures, the_same_token_at_once_ends_the_pass_at_the_second_page) {
  have_list();
  ses.instead = [this](const aws::SuppressedQuery&) -> std::optional<FakeSes::Page> {
    return page({"x"}, "t");
  };
  sync->request_full(false);
  advance(seconds(30));
  EXPECT_EQ(ses.calls.size(), first + 2);
  EXPECT_EQ(list.addresses(), before);
}

TEST_F(SyncFailures, pages_without_addresses_have_an_end) {
  have_list();
  int asked = 0;
  ses.instead = [this, &asked](const aws::SuppressedQuery&) -> std::optional<FakeSes::Page> {
    return page({}, "t" + std::to_string(asked++));
  };
  sync->request_full(false);
  advance(seconds(60));
  EXPECT_EQ(asked, 11);
  EXPECT_EQ(list.addresses(), before);
}

TEST_F(SyncFailures, an_empty_list_is_believed_only_when_a_person_says_so) {
  have_list();
  ses.listed.clear();
  sync->request_full(false);
  advance(seconds(20));
  EXPECT_EQ(list.addresses(), before);
  EXPECT_NE(sync->status().doubt.find("no addresses"), std::string::npos);
  EXPECT_NE(logged.find("status=doubtful"), std::string::npos);
  EXPECT_EQ(metric("postern_suppression_sync_total{result=\"doubtful\"}"), 1);
  for (int i = 0; i < 30; ++i) advance(minutes(5));
  EXPECT_EQ(list.addresses(), before);
  EXPECT_GE(metric("postern_suppression_sync_total{result=\"doubtful\"}"), 2);  // asked again each hour
  EXPECT_LE(metric("postern_suppression_sync_total{result=\"doubtful\"}"), 4);
  sync->request_full(true);
  advance(seconds(20));
  EXPECT_TRUE(list.addresses().empty());
  EXPECT_TRUE(sync->status().doubt.empty());
}

TEST_F(SyncFailures, an_empty_list_that_was_a_fault_is_forgotten) {
  have_list();
  const auto all = ses.listed;
  ses.listed.clear();
  sync->request_full(false);
  advance(seconds(20));
  ses.listed = all;
  for (int i = 0; i < 13; ++i) advance(minutes(5));
  EXPECT_EQ(list.addresses(), listed_at_ses());
  EXPECT_FALSE(list.state.doubt);
}

TEST_F(SyncFailures, a_list_that_shrank_by_half_is_doubtful_unless_forced) {
  ses.page_size = 100;
  ses_lists(300);
  start();
  advance(seconds(20));
  ses.listed.clear();
  ses_lists(140);
  sync->request_full(false);
  advance(seconds(20));
  EXPECT_EQ(list.addresses().size(), 300u);
  EXPECT_EQ(sync->status().doubt, "SES lists 140 addresses, 300 before");
  EXPECT_FALSE(sync->status().last_finished->good);
  sync->request_full(true);
  advance(seconds(20));
  EXPECT_EQ(list.addresses().size(), 140u);
  EXPECT_TRUE(sync->status().last_finished->good);
}

TEST_F(SyncFailures, a_doubt_outlives_a_restart_and_force_holds_for_one_pass_only) {
  have_list();
  sync->request_full(true);
  advance(seconds(20));
  ses.listed.clear();
  sync->request_full(false);
  advance(seconds(20));
  EXPECT_EQ(list.addresses().size(), 6u);
  restart();
  EXPECT_NE(sync->status().doubt.find("no addresses"), std::string::npos);
  advance(minutes(1));
  EXPECT_EQ(list.addresses().size(), 6u);
}

TEST_F(SyncFailures, changes_that_fail_at_any_page_change_nothing_and_come_the_next_time) {
  for (std::size_t at = 0; at < 3; ++at) {
    have_list();
    for (const std::string name : {"n1", "n2", "n3", "n4", "n5"}) ses.list(name + "@example.com");
    ses.failing[first + at] = base::fail(Errc::permission, "not now");
    const auto from = list.state.changes_from;
    advance(minutes(5) + seconds(40));
    EXPECT_EQ(list.addresses(), before) << at;
    EXPECT_EQ(list.state.changes_from, from);
    advance(minutes(6));
    EXPECT_EQ(list.addresses().size(), 11u);
    stop();
    ses.failing.clear();
    ses.listed.clear();
    list.current.clear();
    list.state = {};
  }
}

TEST_F(SyncFailures, a_store_that_fails_at_any_call_keeps_the_list_and_the_next_pass_is_good) {
  for (std::uint64_t call = 0; call < 5; ++call) {
    have_list();
    list.failing_call = list.calls + call;
    sync->request_full(false);
    advance(seconds(20));
    EXPECT_EQ(list.addresses(), before) << call;
    EXPECT_EQ(sync->status().last_error, "suppression.db: no room");
    advance(minutes(12));
    EXPECT_EQ(list.addresses(), listed_at_ses()) << call;
    stop();
    ses.listed.clear();
    list.current.clear();
    list.state = {};
    list.passes.clear();
  }
}

TEST_F(SyncFailures, refused_credentials_wait_for_the_interval_and_other_failures_ten_minutes_at_most) {
  settings->interval = hours(3);
  have_list();
  ses.failing[first] = base::fail(Errc::permission, "403");
  sync->request_full(false);
  advance(hours(2));
  EXPECT_EQ(ses.calls.size(), first + 1);
  advance(hours(2));
  first = ses.calls.size();
  ses.failing[first] = base::fail(Errc::not_found, "no credentials");
  sync->request_full(false);
  advance(minutes(12));
  EXPECT_GT(ses.calls.size(), first + 1);
}

}  // namespace
}  // namespace postern::feedback::test
