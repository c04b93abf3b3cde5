// The right half of the hourglass over a real spool and ledger and an upstream that lives in the test. Time
// is manual.
#include "postern/delivery/delivery.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "delivery/fake_upstream.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::delivery {
namespace {

struct DeliveryTest : testing::Test {
  boost::asio::io_context loop;
  support::ManualClock clock;
  base::SeededRandom random{7};
  std::string log_text;
  base::Log log{clock, [this](std::string_view line) { log_text += line; }};
  base::Metrics metrics;
  base::Pool crypto{"crypto", 1};
  base::Pool disk{"disk", 1};
  base::BooksWriter books;
  support::TempDir directory;
  FakeUpstream upstream;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  std::unique_ptr<spool::Spool> spool;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<Delivery> delivery;

  void SetUp() override {
    spool = std::move(spool::Spool::open({directory.path()}, loop.get_executor(), log, metrics).value());
    ledger = std::move(ledger::Ledger::open(directory.path(), loop.get_executor(), disk, books, log).value());
    UpstreamSettings one;
    one.host = "smtp.example.net";
    one.tls = TlsMode::none;
    one.helo = "relay.example.com";
    one.connections = 2;
    settings->upstreams.push_back(one);
    delivery = std::make_unique<Delivery>(Dependencies{loop.get_executor(), clock, random, log, metrics,
                                                       crypto, disk, upstream, *spool, *ledger,
                                                       [this] { return settings; }});
    delivery->start();
  }
  void TearDown() override {
    delivery->stop(false);
    support::run(loop, delivery->wait_idle(clock.steady_now() + std::chrono::hours(1)));
    spool->close();
    books.join();
  }

  // Threads do the disk work: real time passes until `done`, virtual time stands still.
  void until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << log_text;
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(20));
    }
  }
  // Virtual time passes in steps until `done`; gives how much it was.
  base::Duration pass_until(const std::function<bool()>& done, base::Duration step, base::Duration most) {
    base::Duration passed{0};
    while (!done() && passed < most) {
      support::advance(loop, clock, step);
      passed += step;
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(15);
      while (!done() && std::chrono::steady_clock::now() < end) {
        loop.restart();
        loop.run_one_for(std::chrono::milliseconds(5));
      }
    }
    return passed;
  }
  std::string submit(const std::vector<std::string>& to, const std::string& stream = "app") {
    auto message = std::make_shared<spool::Message>();
    message->id = base::make_id(clock.wall_now(), random);
    message->arrived = clock.wall_now();
    message->sender = "app@example.com";
    message->stream = stream;
    message->content.header = "From: app@example.com\r\nSubject: test\r\n";
    message->content.body = std::make_shared<const std::string>("hello\r\n.dot\r\n");
    message->content.body_size = message->content.body->size();
    for (const auto& address : to) {
      spool::Recipient recipient;
      recipient.number = static_cast<int>(message->recipients.size());
      recipient.address = address;
      recipient.due = message->arrived;
      message->recipients.push_back(recipient);
    }
    EXPECT_TRUE(support::run(loop, spool->append(message)).has_value());
    return message->id;
  }
  std::vector<ledger::Row> history(const std::string& id) {
    ledger::Query query;
    query.id = id;
    return support::run(loop, ledger->search(query)).value();
  }
  bool empty() const { return spool->totals().messages == 0; }
};

TEST_F(DeliveryTest, a_message_goes_out_and_leaves_the_spool_with_its_ses_id_in_the_ledger) {
  const auto id = submit({"a@example.net"});
  until([this] { return empty(); });
  ASSERT_EQ(upstream.taken.size(), 1u);
  EXPECT_EQ(upstream.taken[0].from, "app@example.com");
  EXPECT_EQ(upstream.taken[0].content, "From: app@example.com\r\nSubject: test\r\n\r\nhello\r\n..dot\r\n");
  const auto rows = history(id);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].status, ledger::Status::sent);
  EXPECT_EQ(rows[0].ses_id, "0100019dec617b98-0-000000");
  EXPECT_EQ(rows[0].relay, "smtp.example.net[192.0.2.1]:587");
  EXPECT_NE(log_text.find("status=sent"), std::string::npos);
}

TEST_F(DeliveryTest, connections_are_kept_and_used_again) {
  for (int i = 0; i < 5; ++i) {
    submit({"a@example.net"});
    until([this] { return empty(); });
  }
  EXPECT_EQ(upstream.connections, 1);
}

TEST_F(DeliveryTest, a_kept_connection_that_died_costs_no_attempt) {
  upstream.close_when_idle = true;
  submit({"a@example.net"});
  until([this] { return empty(); });
  const auto second = submit({"b@example.net"});
  until([this] { return empty(); });
  EXPECT_EQ(upstream.connections, 2);
  EXPECT_EQ(history(second).size(), 1u) << "sent at the first attempt";
}

TEST_F(DeliveryTest, more_than_fifty_recipients_go_in_several_transactions) {
  std::vector<std::string> to;
  for (int i = 0; i < 120; ++i) to.push_back("r" + std::to_string(i) + "@example.net");
  submit(to);
  until([this] { return empty(); });
  ASSERT_EQ(upstream.taken.size(), 3u);
  EXPECT_EQ(upstream.taken[0].to.size(), 50u);
  EXPECT_EQ(upstream.taken[2].to.size(), 20u);
}

TEST_F(DeliveryTest, one_refused_recipient_ends_alone) {
  upstream.rcpt_replies["bad@example.net"] = "550 5.1.1 unknown\r\n";
  const auto id = submit({"good@example.net", "bad@example.net"});
  until([this] { return empty(); });
  ASSERT_EQ(upstream.taken.size(), 1u);
  EXPECT_EQ(upstream.taken[0].to, (std::vector<std::string>{"good@example.net"}));
  int bounced = 0;
  for (const auto& row : history(id)) bounced += row.status == ledger::Status::bounced ? 1 : 0;
  EXPECT_EQ(bounced, 1);
}

TEST_F(DeliveryTest, an_address_that_spoils_the_transaction_is_found_by_sending_one_by_one) {
  upstream.final_replies = {
      "554 Transaction failed: Address contains illegal characters in user name: 'x'\r\n",
      "250 Ok 0100-a\r\n", "554 Transaction failed: Address contains illegal characters\r\n",
      "250 Ok 0100-c\r\n"};
  const auto id = submit({"a@example.net", "b@example.net", "c@example.net"});
  until([this] { return empty(); });
  EXPECT_EQ(upstream.transactions, 4);
  EXPECT_EQ(upstream.taken.size(), 2u);
  int sent = 0, bounced = 0;
  for (const auto& row : history(id)) {
    sent += row.status == ledger::Status::sent ? 1 : 0;
    bounced += row.status == ledger::Status::bounced ? 1 : 0;
  }
  EXPECT_EQ(sent, 2);
  EXPECT_EQ(bounced, 1);
}

TEST_F(DeliveryTest, a_temporary_refusal_is_tried_again_by_the_schedule) {
  upstream.final_replies = {"451 Temporary service failure\r\n"};
  const auto id = submit({"a@example.net"});
  until([this] { return upstream.transactions == 1; });
  const auto waited =
      pass_until([this] { return empty(); }, std::chrono::milliseconds(500), std::chrono::seconds(60));
  EXPECT_GE(waited, std::chrono::seconds(4));
  EXPECT_LE(waited, std::chrono::seconds(8));
  EXPECT_EQ(history(id).size(), 2u);
}

TEST_F(DeliveryTest,
       a_dead_upstream_keeps_the_mail_counts_no_attempt_and_is_used_within_thirty_seconds_of_its_return) {
  upstream.refuse_connection = base::Errc::refused;
  const auto id = submit({"a@example.net"});
  until([this] { return delivery->status().paused; });
  pass_until([] { return false; }, std::chrono::seconds(5), std::chrono::minutes(10));
  EXPECT_FALSE(empty());
  auto stored = support::run(loop, spool->load(id)).value();
  EXPECT_EQ(stored->recipients[0].attempts, 0);
  EXPECT_FALSE(stored->recipients[0].last_reply.empty());
  upstream.refuse_connection = base::Errc::io;
  const auto waited =
      pass_until([this] { return empty(); }, std::chrono::seconds(1), std::chrono::minutes(2));
  EXPECT_LT(waited, std::chrono::seconds(30));
  EXPECT_FALSE(delivery->status().paused);
}

TEST_F(DeliveryTest, throttling_slows_down_and_burns_no_attempt) {
  upstream.final_replies = {"454 Throttling failure: Maximum sending rate exceeded.\r\n"};
  const auto id = submit({"a@example.net"});
  until([this] { return upstream.transactions == 1; });
  pass_until([this] { return empty(); }, std::chrono::milliseconds(500), std::chrono::seconds(30));
  EXPECT_TRUE(empty());
  EXPECT_FALSE(delivery->status().paused);
  EXPECT_NE(metrics.render().find("postern_upstream_throttled_total{kind=\"rate\"} 1"), std::string::npos);
  EXPECT_EQ(history(id).size(), 1u + 0u) << "the throttled attempt and the sent one share attempt number 1";
}

TEST_F(DeliveryTest, what_an_operator_deletes_or_holds_is_not_sent) {
  upstream.refuse_connection = base::Errc::refused;
  const auto gone = submit({"gone@example.net"});
  const auto held = submit({"held@example.net"});
  until([this] { return delivery->status().paused; });
  EXPECT_EQ(support::run(loop, spool->remove(gone)).value(), 1u);
  EXPECT_EQ(support::run(loop, spool->hold(held, "operator")).value(), 1u);
  upstream.refuse_connection = base::Errc::io;
  delivery->wake();
  submit({"other@example.net"});
  pass_until([this] { return upstream.taken.size() == 1; }, std::chrono::seconds(1), std::chrono::minutes(1));
  pass_until([] { return false; }, std::chrono::seconds(5), std::chrono::minutes(2));
  ASSERT_EQ(upstream.taken.size(), 1u);
  EXPECT_EQ(upstream.taken[0].to[0], "other@example.net");
  support::run(loop, spool->release(held, clock.wall_now())).value();
  delivery->wake();
  pass_until([this] { return empty(); }, std::chrono::seconds(1), std::chrono::minutes(1));
  EXPECT_EQ(upstream.taken.size(), 2u);
}

TEST_F(DeliveryTest, an_unverified_sender_is_kept_or_bounced_as_configured) {
  const std::string reply =
      "554 Message rejected: Email address is not verified. The following identities failed the check in "
      "region "
      "US-EAST-1: app@example.com\r\n";
  upstream.final_replies = {reply, reply};
  submit({"a@example.net"});
  until([this] { return upstream.transactions == 1; });
  until([this] { return delivery->in_flight().empty(); });
  EXPECT_FALSE(empty());
  EXPECT_FALSE(delivery->status().paused) << "one sender does not hold up the others";
  auto stricter = std::make_shared<Settings>(*settings);
  stricter->hold_unverified = false;
  settings = stricter;
  delivery->settings_changed();
  pass_until([this] { return empty(); }, std::chrono::seconds(1), std::chrono::minutes(1));
  EXPECT_TRUE(empty());
  EXPECT_TRUE(upstream.taken.empty());
}

TEST_F(DeliveryTest, gives_up_at_the_end_of_the_lifetime_and_says_so) {
  upstream.mail_reply = "451 Temporary service failure\r\n";
  const auto id = submit({"a@example.net"});
  pass_until([this] { return empty(); }, std::chrono::hours(1), std::chrono::hours(120));
  EXPECT_TRUE(empty());
  const auto rows = history(id);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.front().status, ledger::Status::bounced);
  EXPECT_EQ(rows.front().reason, "expired");
  EXPECT_GE(rows.front().time - rows.front().arrived, std::chrono::hours(96));
}

TEST_F(DeliveryTest, what_lies_in_the_spool_at_start_is_sent) {
  delivery->stop(false);
  support::run(loop, delivery->wait_idle(clock.steady_now() + std::chrono::hours(1)));
  delivery.reset();
  spool->close();
  spool = std::move(spool::Spool::open({directory.path()}, loop.get_executor(), log, metrics).value());
  for (int i = 0; i < 300; ++i) submit({"a@example.net"}, "stream" + std::to_string(i % 3));
  delivery =
      std::make_unique<Delivery>(Dependencies{loop.get_executor(), clock, random, log, metrics, crypto, disk,
                                              upstream, *spool, *ledger, [this] { return settings; }});
  delivery->start();
  until([this] { return empty(); });
  EXPECT_EQ(upstream.taken.size(), 300u);
}

}  // namespace
}  // namespace postern::delivery
