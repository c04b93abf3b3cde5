#include "suppression/sync_fixture.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace postern::suppression::test {
namespace {

using base::Errc;

struct SyncTest : testing::Test, Opened {
  support::TempDir directory;
  SyncTest() { open(directory.path()); }
  void reopen() {
    close();
    open(directory.path());
  }
  void must(const base::Result<void>& done) { ASSERT_TRUE(done.has_value()) << done.error().message; }
  std::int64_t number(const std::string& sql) {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_open(directory.file("suppression.db").c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_step(statement);
    const auto value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
  }
};

TEST_F(SyncTest, nothing_of_a_full_pass_is_seen_before_its_end_and_all_of_it_after) {
  must(full({"old", "both"}));
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, listing({"both", "new1"}), "t1").has_value());
  EXPECT_EQ(addresses(), (Names{"both@example.com", "old@example.com"}));
  EXPECT_EQ(list->size(), 2u);
  ASSERT_TRUE(page(PassKind::full, listing({"new2"}), "").has_value());
  EXPECT_FALSE(listed("new1@example.com"));
  must(finish(PassKind::full));
  EXPECT_EQ(addresses(), (Names{"both@example.com", "new1@example.com", "new2@example.com"}));
  EXPECT_EQ(list->size(), 3u);
}

TEST_F(SyncTest, what_ses_lists_is_given_with_its_spelling_reason_and_time) {
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, {listed_as("Jane.Doe@example.com", "COMPLAINT")}, "").has_value());
  must(finish(PassKind::full));
  const auto found = find("jane.doe@EXAMPLE.com");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "Jane.Doe@example.com");
  EXPECT_EQ(found->reason, "COMPLAINT");
  EXPECT_EQ(found->source, "ses account list");
  EXPECT_EQ(found->since, now() - std::chrono::hours(1));
  EXPECT_TRUE(found->ses);
}

TEST_F(SyncTest, a_pass_is_not_finished_before_its_last_page) {
  must(begin(PassKind::full));
  EXPECT_EQ(finish(PassKind::full).error().code, Errc::invalid);
  ASSERT_TRUE(page(PassKind::full, listing({"a"}), "t1").has_value());
  EXPECT_EQ(finish(PassKind::full).error().code, Errc::invalid);
  EXPECT_EQ(page(PassKind::changes, listing({"a"}), "").error().code, Errc::not_found);
  EXPECT_EQ(finish(PassKind::changes).error().code, Errc::not_found);
  EXPECT_EQ(list->size(), 0u);
}

TEST_F(SyncTest, own_entries_stay_through_full_passes_and_come_first) {
  add("own@example.com");
  add("both@example.com", "MANUAL");
  must(full({"both", "ses"}));
  EXPECT_EQ(list->size(), 3u);
  EXPECT_EQ(addresses(), (Names{"both@example.com", "own@example.com", "ses@example.com"}));
  const auto both = find("both@example.com");
  EXPECT_EQ(both->reason, "MANUAL");
  EXPECT_TRUE(both->ses);
  ASSERT_EQ(both->also.size(), 1u);
  EXPECT_EQ(both->also[0].reason, "BOUNCE");
  EXPECT_FALSE(find("own@example.com")->ses);
  must(full({"other"}));
  EXPECT_EQ(addresses(), (Names{"both@example.com", "other@example.com", "own@example.com"}));
  EXPECT_FALSE(find("both@example.com")->ses);
  EXPECT_EQ(list->size(), 3u);
}

TEST_F(SyncTest, two_spellings_are_one_address_of_the_list_and_both_are_kept) {
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full,
                   {listed_as("Foo@example.com"), listed_as("foo@example.com", "COMPLAINT"),
                    listed_as("z@example.com")},
                   "")
                  .has_value());
  must(finish(PassKind::full));
  EXPECT_EQ(list->size(), 2u);
  EXPECT_EQ(addresses(1), (Names{"foo@example.com"}));
  EXPECT_EQ(addresses(1, "Foo@example.com"), (Names{"z@example.com"}));
  EXPECT_EQ(find("FOO@example.com")->also.size(), 1u);
  Names spellings;
  for (const auto& one : books->wait(sync().spellings("FOO@example.com")).value())
    spellings.push_back(one.address + " " + one.reason);
  EXPECT_EQ(spellings, (Names{"foo@example.com COMPLAINT", "Foo@example.com BOUNCE"}));
  EXPECT_TRUE(remove("fOO@example.com"));
  EXPECT_EQ(list->size(), 1u);
}

TEST_F(SyncTest, the_size_is_true_whatever_the_order_of_own_and_listed) {
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, listing({"a", "b", "c"}), "t").has_value());
  add("b@example.com");
  add("x@example.com");
  add("b@example.com", "BOUNCE");
  EXPECT_EQ(list->size(), 2u);
  ASSERT_TRUE(page(PassKind::full, listing({"x", "c"}), "").has_value());
  must(finish(PassKind::full));
  EXPECT_EQ(list->size(), 4u);
  EXPECT_TRUE(remove("b@example.com"));
  EXPECT_TRUE(remove("a@example.com"));
  EXPECT_EQ(list->size(), 2u);
  reopen();
  EXPECT_EQ(list->size(), 2u);
  EXPECT_EQ(addresses().size(), 2u);
  EXPECT_TRUE(remove("x@example.com"));
  EXPECT_TRUE(remove("c@example.com"));
  EXPECT_EQ(list->size(), 0u);
}

TEST_F(SyncTest, changes_are_added_to_the_list_in_force) {
  must(full({"a", "b"}));
  const auto began = now();
  books->clock.set(std::chrono::minutes(5));
  must(changes({"c", "a"}));
  EXPECT_EQ(addresses(), (Names{"a@example.com", "b@example.com", "c@example.com"}));
  EXPECT_EQ(list->size(), 3u);
  EXPECT_EQ(state().last_full, began);
  EXPECT_EQ(state().last_good, now());
  EXPECT_EQ(state().changes_from, now());
}

TEST_F(SyncTest, changes_that_are_abandoned_or_not_at_their_end_change_nothing) {
  must(full({"a"}));
  must(begin(PassKind::changes));
  ASSERT_TRUE(page(PassKind::changes, listing({"b"}), "t").has_value());
  EXPECT_EQ(finish(PassKind::changes).error().code, Errc::invalid);
  EXPECT_FALSE(listed("b@example.com"));
  must(books->wait(sync().abandon(PassKind::changes, std::nullopt)));
  EXPECT_EQ(addresses(), (Names{"a@example.com"}));
  EXPECT_GT(sweep(), 0);
  EXPECT_EQ(number("SELECT count(*) FROM listed"), 1);
}

TEST_F(SyncTest, changes_during_a_full_pass_are_in_its_list_too) {
  must(full({"a"}));
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, listing({"a"}), "t").has_value());
  must(changes({"bounced"}));
  EXPECT_TRUE(listed("bounced@example.com"));
  ASSERT_TRUE(page(PassKind::full, listing({"z"}), "").has_value());
  must(finish(PassKind::full));
  EXPECT_EQ(addresses(), (Names{"a@example.com", "bounced@example.com", "z@example.com"}));
}

TEST_F(SyncTest, a_newer_listing_stands_against_an_older_one) {
  must(full({"a"}));
  auto newer = listed_as("a@example.com", "COMPLAINT");
  newer.updated = now();
  must(begin(PassKind::changes));
  ASSERT_TRUE(page(PassKind::changes, {newer}, "t").has_value());
  ASSERT_TRUE(page(PassKind::changes, {listed_as("a@example.com")}, "").has_value());
  must(finish(PassKind::changes));
  EXPECT_EQ(find("a@example.com")->reason, "COMPLAINT");
}

TEST_F(SyncTest, a_removal_at_ses_is_not_undone_by_an_older_page_of_a_running_pass) {
  must(full({"a", "b"}));
  books->clock.set(std::chrono::hours(2));
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, listing({"a"}), "t").has_value());
  remove_everywhere("a@example.com");
  remove_everywhere("B@example.com");
  EXPECT_FALSE(listed("b@example.com"));
  ASSERT_TRUE(page(PassKind::full, listing({"a", "b", "c"}), "").has_value());
  must(finish(PassKind::full));
  EXPECT_EQ(addresses(), (Names{"c@example.com"}));
}

TEST_F(SyncTest, a_removal_at_ses_counts_for_changes_with_their_overlap_too) {
  must(full({"a"}));
  remove_everywhere("a@example.com");
  books->clock.set(std::chrono::minutes(5));
  must(begin(PassKind::changes));
  auto before = listed_as("a@example.com");
  before.updated = now() - std::chrono::minutes(6);
  ASSERT_TRUE(page(PassKind::changes, {before}, "").has_value());
  must(finish(PassKind::changes));
  EXPECT_FALSE(listed("a@example.com"));
}

TEST_F(SyncTest, a_removal_here_alone_lasts_until_ses_lists_the_address_again) {
  must(full({"a"}));
  EXPECT_TRUE(remove("a@example.com"));
  EXPECT_FALSE(listed("a@example.com"));
  must(full({"a"}));
  EXPECT_TRUE(listed("a@example.com"));
}

TEST_F(SyncTest, what_ses_lists_after_a_removal_is_taken) {
  must(full({"a", "b"}));
  must(begin(PassKind::full));
  EXPECT_TRUE(remove("a@example.com"));
  auto again = listed_as("a@example.com");
  again.updated = now() + std::chrono::seconds(1);
  ASSERT_TRUE(page(PassKind::full, {again}, "").has_value());
  must(finish(PassKind::full));
  EXPECT_TRUE(listed("a@example.com"));
}

TEST_F(SyncTest, a_full_pass_that_begins_after_a_removal_takes_the_word_of_ses) {
  must(full({"a"}));
  EXPECT_TRUE(remove("a@example.com"));
  books->clock.set(std::chrono::minutes(30));
  auto still = listed_as("a@example.com");
  still.updated = now() - std::chrono::hours(5);
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, {still}, "").has_value());
  must(finish(PassKind::full));
  EXPECT_TRUE(listed("a@example.com"));
  EXPECT_EQ(number("SELECT count(*) FROM removed"), 0);
}

TEST_F(SyncTest, what_was_written_to_ses_is_here_at_once_and_after_the_running_pass) {
  must(full({"a"}));
  must(begin(PassKind::full));
  EXPECT_TRUE(remove("a@example.com"));
  must(books->wait(sync().put_listed({"A@example.com", "COMPLAINT", now()})));
  EXPECT_EQ(find("a@example.com")->reason, "COMPLAINT");
  ASSERT_TRUE(page(PassKind::full, listing({"c"}), "").has_value());
  must(finish(PassKind::full));
  EXPECT_EQ(addresses(), (Names{"A@example.com", "c@example.com"}));
  EXPECT_EQ(books->wait(sync().put_listed({"not an address", "BOUNCE", now()})).error().code, Errc::invalid);
}

TEST_F(SyncTest, entries_that_no_recipient_can_match_are_counted_and_the_others_kept) {
  must(begin(PassKind::full));
  const auto added =
      page(PassKind::full,
           {listed_as("a b@example.com"), listed_as("\"a b\"@example.com"), listed_as(""),
            listed_as("m\xC3\xBCller@example.com"), listed_as("o'brien+x@example.com"), listed_as("nobody")},
           "");
  ASSERT_TRUE(added.has_value());
  EXPECT_EQ(added->skipped, 4u);
  EXPECT_EQ(added->first_skipped, "a b@example.com");
  EXPECT_EQ(added->pass.skipped, 4u);
  must(finish(PassKind::full));
  EXPECT_EQ(addresses(), (Names{"\"a b\"@example.com", "o'brien+x@example.com"}));
}

TEST_F(SyncTest, a_cut_pass_is_told_with_its_token_and_goes_on) {
  must(full({"old"}));
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, listing({"a"}), "t1").has_value());
  ASSERT_TRUE(page(PassKind::full, {}, "t2").has_value());
  const auto began = now();
  reopen();
  const auto cut = state().full;
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->next_token, "t2");
  EXPECT_EQ(cut->pages, 2u);
  EXPECT_EQ(cut->empty, 1u);
  EXPECT_EQ(cut->entries, 1u);
  EXPECT_EQ(cut->scope, "here BOUNCE");
  EXPECT_EQ(cut->started, began);
  EXPECT_EQ(cut->touched, began);
  EXPECT_EQ(sweep(), 2);  // the empty list before the first, and the page that this was merged from
  EXPECT_EQ(addresses(), (Names{"old@example.com"}));
  ASSERT_TRUE(page(PassKind::full, listing({"b"}), "").has_value());
  must(finish(PassKind::full));
  EXPECT_EQ(addresses(), (Names{"a@example.com", "b@example.com"}));
  EXPECT_FALSE(state().full);
}

TEST_F(SyncTest, a_pass_begun_anew_has_nothing_of_the_one_before) {
  must(begin(PassKind::full));
  ASSERT_TRUE(page(PassKind::full, listing({"stale"}), "t1").has_value());
  must(full({"a"}));
  EXPECT_EQ(addresses(), (Names{"a@example.com"}));
  EXPECT_EQ(list->size(), 1u);
}

TEST_F(SyncTest, a_doubt_is_kept_until_a_full_pass_is_good) {
  must(full({"a"}));
  must(begin(PassKind::full));
  must(books->wait(sync().abandon(PassKind::full, Doubt{"no addresses", "here BOUNCE", 7})));
  reopen();
  ASSERT_TRUE(state().doubt);
  EXPECT_EQ(state().doubt->why, "no addresses");
  EXPECT_EQ(state().doubt->scope, "here BOUNCE");
  EXPECT_EQ(state().doubt->entries, 7u);
  must(changes({"b"}));
  EXPECT_TRUE(state().doubt);
  must(full({"a"}));
  EXPECT_FALSE(state().doubt);
}

TEST_F(SyncTest, many_pages_in_no_order_are_one_sorted_list) {
  must(begin(PassKind::full));
  Names expected;
  const int pages = 1100;  // so that runs of runs are merged
  for (int i = 0; i < pages; ++i) {
    const int shuffled = i * 389 % pages;
    const std::string name = std::to_string(100'000 + shuffled);
    expected.push_back(name + "@example.com");
    const auto added = page(PassKind::full, listing({name, name + "b"}), i + 1 < pages ? "t" : "");
    ASSERT_TRUE(added.has_value());
    EXPECT_EQ(added->pass.entries, 2u * (static_cast<unsigned>(i) + 1));
    expected.push_back(name + "b@example.com");
  }
  EXPECT_LT(number("SELECT count(*) FROM run"), 64);
  EXPECT_LE(number("SELECT count(*) FROM generation"), 66);  // what was merged is not kept
  must(finish(PassKind::full));
  std::ranges::sort(expected);
  EXPECT_EQ(addresses(10'000), expected);
  EXPECT_EQ(list->size(), expected.size());
}

TEST_F(SyncTest, long_pages_in_no_order_lose_no_entry) {
  must(begin(PassKind::full));
  constexpr int pages = 7, rows = 500;
  for (int i = 0; i < pages; ++i) {
    Names names;
    for (int j = 0; j < rows; ++j) names.push_back(std::to_string((i * rows + j) * 1237 % (pages * rows)));
    ASSERT_TRUE(page(PassKind::full, listing(names), i + 1 < pages ? "t" : "").has_value());
  }
  must(finish(PassKind::full));
  EXPECT_EQ(list->size(), 3500u);
  EXPECT_EQ(addresses(10'000).size(), 3500u);
}

TEST_F(SyncTest, of_an_entry_on_two_pages_the_newer_stands_whatever_their_order) {
  for (const bool newer_first : {true, false}) {
    auto newer = listed_as("a@example.com", "COMPLAINT");
    newer.updated = now();
    must(begin(PassKind::full));
    const auto first = newer_first ? newer : listed_as("a@example.com");
    const auto second = newer_first ? listed_as("a@example.com") : newer;
    ASSERT_TRUE(page(PassKind::full, {first}, "t").has_value());
    ASSERT_TRUE(page(PassKind::full, {second}, "").has_value());
    must(finish(PassKind::full));
    EXPECT_EQ(find("a@example.com")->reason, "COMPLAINT");
    EXPECT_EQ(list->size(), 1u);
  }
}

TEST_F(SyncTest, the_old_generation_is_swept_and_its_room_used_again) {
  std::vector<std::string> many;
  for (int i = 0; i < 5000; ++i) many.push_back("user" + std::to_string(i));
  must(full(many));
  sweep();
  const auto pages = number("PRAGMA page_count");
  must(full(many));
  EXPECT_GT(sweep(), 5);
  EXPECT_EQ(number("SELECT count(*) FROM listed"), 5000);
  EXPECT_EQ(number("SELECT count(*) FROM generation"), 1);
  must(full(many));
  sweep();
  EXPECT_LT(number("PRAGMA page_count"), pages * 5 / 2);
  must(full({"a"}));
  sweep();
  EXPECT_EQ(list->size(), 1u);
}

TEST_F(SyncTest, a_list_that_shrank_gives_its_disk_back) {
  std::vector<std::string> many;
  for (int i = 0; i < 60'000; ++i) many.push_back("somebody.with.a.longer.name" + std::to_string(i));
  must(full(many));
  must(full({"a"}));
  sweep();
  EXPECT_LT(number("PRAGMA page_count"), 1700);
}

TEST_F(SyncTest, an_entry_of_a_million_own_or_listed_answers_without_counting) {
  add("own@example.com");
  must(full({"a", "own"}));
  EXPECT_EQ(number("SELECT own FROM state"), 1);
  EXPECT_EQ(number("SELECT keys FROM generation WHERE number = (SELECT current FROM state)"), 2);
  EXPECT_EQ(number("SELECT shared FROM generation WHERE number = (SELECT current FROM state)"), 1);
}

}  // namespace
}  // namespace postern::suppression::test
