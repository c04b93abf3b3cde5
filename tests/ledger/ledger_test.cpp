#include "postern/ledger/ledger.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "postern/base/random.hpp"
#include "support/books.hpp"

namespace postern::ledger {
namespace {

using namespace std::chrono_literals;

struct LedgerTest : testing::Test {
  support::Books books;
  base::SeededRandom random{7};
  std::unique_ptr<Ledger> ledger = must_open();

  base::Result<std::unique_ptr<Ledger>> open() {
    return Ledger::open(books.directory.path(), books.loop.get_executor(), books.disk, books.writer,
                        books.log);
  }
  std::unique_ptr<Ledger> must_open() {
    auto opened = open();
    return std::move(opened.value());
  }
  Row row(const std::string& to, base::WallTime arrived, int recipient = 0, int attempt = 1) {
    Row r;
    r.id = base::make_id(arrived, random);
    r.recipient = recipient;
    r.attempt = attempt;
    r.time = r.arrived = arrived;
    r.from = "App@Example.com";
    r.to = to;
    return r;
  }
  Row row(const std::string& to) { return row(to, books.clock.wall_now()); }
  void record(std::vector<Row> rows) {
    ASSERT_TRUE(books.wait(ledger->record_and_wait(std::move(rows))).has_value());
  }
  std::vector<Row> search(Query query) { return books.wait(ledger->search(std::move(query))).value(); }
  std::vector<std::string> recipients(Query query) {
    std::vector<std::string> out;
    for (const auto& r : search(std::move(query))) out.push_back(r.to);
    return out;
  }
};

using Names = std::vector<std::string>;

TEST_F(LedgerTest, what_was_found_of_a_message_comes_with_each_of_its_rows) {
  Row first = row("a@example.com");
  Row second = first;
  second.recipient = 1;
  second.to = "b@example.com";
  ledger->record(Alignment{first.id, "softfail", "fail", "p=reject at example.com: neither leg aligns"});
  record({first, second, row("c@example.com")});
  for (const std::string to : {"a@example.com", "b@example.com"}) {
    Query query;
    query.to = to;
    const auto found = search(query);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].spf, "softfail");
    EXPECT_EQ(found[0].dmarc, "fail");
    EXPECT_EQ(found[0].alignment, "p=reject at example.com: neither leg aligns");
  }
  Query other;
  other.to = "c@example.com";
  EXPECT_EQ(search(other).at(0).spf + search(other).at(0).dmarc + search(other).at(0).alignment, "");
}

TEST_F(LedgerTest, a_finding_that_comes_after_the_row_is_found_with_it) {
  const Row r = row("a@example.com");
  record({r});
  ledger->record(Alignment{r.id, "pass", "pass", "dkim"});
  record({});  // what was handed in before is on disk when this returns
  EXPECT_EQ(search({}).at(0).alignment, "dkim");
}

TEST_F(LedgerTest, gives_back_every_field) {
  Row r = row("To@Example.com");
  r.recipient = 3;
  r.attempt = 2;
  r.time = r.arrived + 2300ms;
  r.stream = "app";
  r.client = "127.0.0.1";
  r.size = 5'000'000'000;
  r.status = Status::bounced;
  r.relay = "email-smtp[192.0.2.1]:587";
  r.dsn = "5.1.1";
  r.reply = "550 5.1.1 no such user\nhere";
  r.ses_id = "0100abc";
  r.reason = "rejected";
  record({r});
  const auto found = search({});
  ASSERT_EQ(found.size(), 1u);
  const Row& f = found[0];
  EXPECT_EQ(f.id, r.id);
  EXPECT_EQ(f.recipient, 3);
  EXPECT_EQ(f.attempt, 2);
  EXPECT_EQ(f.time, r.time);
  EXPECT_EQ(f.arrived, r.arrived);
  EXPECT_EQ(f.from, r.from);
  EXPECT_EQ(f.to, r.to);
  EXPECT_EQ(f.stream, r.stream);
  EXPECT_EQ(f.client, r.client);
  EXPECT_EQ(f.size, r.size);
  EXPECT_EQ(f.status, r.status);
  EXPECT_EQ(f.relay, r.relay);
  EXPECT_EQ(f.dsn, r.dsn);
  EXPECT_EQ(f.reply, r.reply);
  EXPECT_EQ(f.ses_id, r.ses_id);
  EXPECT_EQ(f.reason, r.reason);
}

TEST_F(LedgerTest, keeps_every_status) {
  const std::vector<Status> all{Status::sent, Status::deferred, Status::bounced, Status::suppressed,
                                Status::held};
  for (const Status s : all) {
    Row r = row(std::string(to_string(s)) + "@example.com");
    r.status = s;
    record({r});
    Query query;
    query.id = r.id;
    EXPECT_EQ(search(query).at(0).status, s);
  }
}

TEST_F(LedgerTest, the_same_attempt_twice_is_one_row_with_the_later_outcome) {
  Row r = row("a@example.com");
  r.status = Status::deferred;
  record({r});
  r.status = Status::sent;
  r.to = "b@example.com";
  record({r});
  const auto found = search({});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].status, Status::sent);
  Query old;
  old.to = "a@example.com";
  EXPECT_TRUE(search(old).empty());
}

TEST_F(LedgerTest, searches_by_recipient_sender_id_and_ses_id_without_regard_to_case) {
  Row a = row("Jane@Example.com");
  a.ses_id = "0100AbC-000";
  Row b = row("joe@example.com");
  b.from = "other@example.com";
  record({a, b});
  Query q;
  q.to = "jane@EXAMPLE.com";
  EXPECT_EQ(recipients(q), (Names{"Jane@Example.com"}));
  q = {};
  q.from = "OTHER@example.com";
  EXPECT_EQ(recipients(q), (Names{"joe@example.com"}));
  q = {};
  q.id = a.id;
  std::transform(q.id.begin(), q.id.end(), q.id.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 32) : c; });
  EXPECT_EQ(recipients(q), (Names{"Jane@Example.com"}));
  q = {};
  q.ses_id = "0100abc-000";
  EXPECT_EQ(recipients(q), (Names{"Jane@Example.com"}));
  q.to = "joe@example.com";
  EXPECT_TRUE(search(q).empty());
}

TEST_F(LedgerTest, gives_the_newest_first_and_no_more_than_asked_for) {
  const auto now = books.clock.wall_now();
  record({row("old@example.com", now - 2h), row("new@example.com", now), row("mid@example.com", now - 1h)});
  Query q;
  q.limit = 2;
  EXPECT_EQ(recipients(q), (Names{"new@example.com", "mid@example.com"}));
}

TEST_F(LedgerTest, since_means_the_attempt_not_the_arrival) {
  const auto now = books.clock.wall_now();
  Row late = row("late@example.com", now - 48h);
  late.time = now - 1h;  // arrived two days ago, delivered an hour ago
  record({late, row("old@example.com", now - 25h), row("new@example.com", now)});
  Query q;
  q.since = now - 24h;
  EXPECT_EQ(recipients(q), (Names{"new@example.com", "late@example.com"}));
}

TEST_F(LedgerTest, rows_of_many_callers_are_all_there_once_a_later_caller_goes_on) {
  for (int i = 0; i < 3000; ++i) ledger->record({row("r" + std::to_string(i) + "@example.com")});
  record({row("last@example.com")});
  Query q;
  q.limit = 10'000;
  EXPECT_EQ(search(q).size(), 3001u);
}

TEST_F(LedgerTest, rows_on_the_way_are_written_though_the_ledger_goes) {
  ledger->record({row("a@example.com")});
  ledger.reset();
  books.writer.join();
  ledger = must_open();
  EXPECT_EQ(recipients({}), (Names{"a@example.com"}));
}

TEST_F(LedgerTest, still_records_after_the_writer_was_joined) {
  books.writer.join();
  record({row("a@example.com")});
  EXPECT_EQ(recipients({}), (Names{"a@example.com"}));
}

TEST_F(LedgerTest, rows_older_than_thirty_days_go_and_a_late_delivery_of_an_old_message_stays) {
  const auto now = books.clock.wall_now();
  std::vector<Row> old;
  for (int i = 0; i < 1200; ++i) old.push_back(row("old@example.com", now - 24h * 31));
  record(old);
  EXPECT_EQ(search({}).size(), 1000u);
  Row late = row("late@example.com", now - 24h * 40);
  late.time = now - 1h;
  record({row("kept@example.com", now - 24h * 29), row("new@example.com", now), late});
  books.writer.join();  // the slices of the purge
  EXPECT_EQ(recipients({}), (Names{"new@example.com", "late@example.com", "kept@example.com"}));
}

TEST_F(LedgerTest, a_corrupt_file_is_set_aside_with_its_new_name_in_the_error) {
  ledger.reset();
  books.write_file("ledger.db", "SQLite format 3" + std::string(5000, '\x01'));
  const auto opened = open();
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, base::Errc::corrupt);
  EXPECT_NE(opened.error().message.find("ledger.db.corrupt-"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(books.directory.file("ledger.db")));
}

TEST_F(LedgerTest, an_emptied_file_is_corrupt) {
  ledger.reset();
  std::filesystem::resize_file(books.directory.file("ledger.db"), 0);
  const auto opened = open();
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, base::Errc::corrupt);
}

TEST_F(LedgerTest, the_write_ahead_log_stays_bounded_under_load) {
  std::uintmax_t largest = 0;
  for (int i = 0; i < 40; ++i) {
    std::vector<Row> rows;
    for (int k = 0; k < 500; ++k) rows.push_back(row("user" + std::to_string(i * 500 + k) + "@example.com"));
    record(rows);
    largest = std::max(largest, std::filesystem::file_size(books.directory.file("ledger.db-wal")));
  }
  EXPECT_GT(std::filesystem::file_size(books.directory.file("ledger.db")), 2'000'000u);
  EXPECT_LT(largest, 8'000'000u);
}

}  // namespace
}  // namespace postern::ledger
