#include "sandbox/session.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "memory_stream.hpp"
#include "postern/base/spawn.hpp"
#include "sandbox/files.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SessionTest : public testing::Test {
 protected:
  void TearDown() override {
    const auto connections = service_.connections;
    for (auto* connection : connections) connection->abort();
    settle();
    EXPECT_EQ(tasks_.size(), 0U);
  }
  // What the server says to `text`.
  std::string ask(const std::string& text) {
    wire_->say(text);
    settle();
    return wire_->take();
  }
  void settle() { support::advance(loop_, clock_, milliseconds(0)); }
  void connect() {
    auto connection =
        std::make_shared<Connection>(std::make_unique<MemoryStream>(wire_, loop_.get_executor()), clock_,
                                     loop_.get_executor(), service_.connections);
    tasks_.spawn("watch", Connection::watch(connection));
    tasks_.spawn("session", run(connection, service_));
    settle();
  }
  // As far as a transaction can begin.
  void log_in() {
    connect();
    ask("EHLO relay\r\nSTARTTLS\r\n");
    ask("EHLO relay\r\n");
    ASSERT_EQ(ask("AUTH PLAIN AHVzZXIAcGFzcw==\r\n"), "235 Authentication successful.\r\n");
  }
  std::string send(const std::string& message, const std::string& rcpts = "RCPT TO:<b@example.net>\r\n") {
    ask("MAIL FROM:<a@example.com>\r\n" + rcpts);
    EXPECT_EQ(ask("DATA\r\n"), "354 End data with <CR><LF>.<CR><LF>\r\n");
    return ask(message + ".\r\n");
  }
  std::vector<std::string> kept(const std::string& extension) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.file("messages")))
      if (entry.path().extension() == extension) found.push_back(entry.path());
    return found;
  }
  Options in_directory() const {
    Options options;
    options.data = directory_.path();
    return options;
  }
  // The .json of the message that this reply accepts.
  boost::json::object record_of(const std::string& reply) {
    EXPECT_TRUE(reply.starts_with("250 Ok ")) << reply;
    const auto text = read_file(directory_.file("messages/" + reply.substr(7, 60) + ".json"));
    return text ? boost::json::parse(*text).as_object() : boost::json::object();
  }
  static base::Task<void> run(std::shared_ptr<Connection> connection, Service& service) {
    Session session(std::move(connection), service);
    co_await session.run();
  }

  support::TempDir directory_;
  support::ManualClock clock_;
  base::SeededRandom random_{7};
  base::Log log_{clock_, [](std::string_view) {}};
  boost::asio::io_context loop_{1};
  Options options_ = in_directory();
  Service service_{options_,
                   clock_,
                   random_,
                   log_,
                   Account(clock_, 0, 0),
                   Store::open(directory_.path()).value(),
                   Suppression::open(options_, clock_.wall_now()).value(),
                   Credentials{"user", "pass"},
                   nullptr,
                   {}};
  base::TaskGroup tasks_{loop_.get_executor(), clock_, log_};
  std::shared_ptr<Wire> wire_ = std::make_shared<Wire>();

  const std::string plain_ = "From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n";
};

}  // namespace

TEST_F(SessionTest, greets_and_says_hello_in_the_form_of_ses) {
  connect();
  EXPECT_TRUE(wire_->take().starts_with("220 email-smtp.amazonaws.com ESMTP SimpleEmailService-d-"));
  EXPECT_EQ(
      ask("EHLO relay\r\n"),
      "250-email-smtp.amazonaws.com\r\n250-8BITMIME\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 Ok\r\n");
  EXPECT_EQ(ask("AUTH PLAIN AHVzZXIAcGFzcw==\r\n"), "530 Must issue a STARTTLS command first\r\n");
  EXPECT_EQ(ask("STARTTLS\r\n"), "220 Ready to start TLS\r\n");
  EXPECT_EQ(ask("EHLO relay\r\n"),
            "250-email-smtp.amazonaws.com\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 Ok\r\n");
  EXPECT_EQ(ask("MAIL FROM:<a@example.com>\r\n"), "530 Authentication required\r\n");
  EXPECT_EQ(ask("AUTH PLAIN AHVzZXIAd3Jvbmc=\r\n"), "535 Authentication Credentials Invalid\r\n");
  EXPECT_EQ(ask("AUTH LOGIN\r\n"), "334 VXNlcm5hbWU6\r\n");
  EXPECT_EQ(ask("dXNlcg==\r\n"), "334 UGFzc3dvcmQ6\r\n");
  EXPECT_EQ(ask("cGFzcw==\r\n"), "235 Authentication successful.\r\n");
  EXPECT_EQ(ask("QUIT\r\n"), "221 Bye\r\n");
  EXPECT_TRUE(wire_->closed);
  EXPECT_EQ(tasks_.size(), 0U);
}

TEST_F(SessionTest, what_was_said_in_clear_before_the_hand_shake_is_forgotten) {
  connect();
  ask("EHLO relay\r\n");
  EXPECT_EQ(ask("STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@example.com>\r\n"), "220 Ready to start TLS\r\n");
  EXPECT_EQ(ask("MAIL FROM:<a@example.com>\r\n"), "503 Send EHLO first\r\n");
}

TEST_F(SessionTest, implicit_tls_begins_with_the_hand_shake) {
  options_.tls = TlsMode::implicit;
  connect();
  wire_->take();
  EXPECT_EQ(ask("EHLO relay\r\n"),
            "250-email-smtp.amazonaws.com\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 Ok\r\n");
}

TEST_F(SessionTest, accepted_message_is_kept_with_its_envelope) {
  log_in();
  const auto reply = send(plain_ + "..dot\r\n", "RCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\n");
  ASSERT_TRUE(reply.starts_with("250 Ok 0106")) << reply;
  const auto id = reply.substr(7, 60);
  const auto message = read_file(directory_.file("messages/" + id + ".eml"));
  ASSERT_TRUE(message);
  EXPECT_EQ(*message, "From: a@example.com\r\nSubject: x\r\nMessage-ID: <" + id +
                          "@ap-northeast-1.amazonses.com>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n"
                          "body\r\n.dot\r\n");
  const auto record =
      boost::json::parse(read_file(directory_.file("messages/" + id + ".json")).value()).as_object();
  EXPECT_EQ(record.at("from"), "a@example.com");
  EXPECT_EQ(record.at("to"), boost::json::array({"b@example.net", "c@example.net"}));
  EXPECT_EQ(record.at("outcome"), boost::json::value("250 Ok " + id));
  EXPECT_EQ(record.at("time"), "2026-11-24T10:00:00.000Z");
  EXPECT_EQ(record.at("bytes"), message->size());
  EXPECT_EQ(record.at("user"), "user");
  EXPECT_EQ(record.at("tls"), "TLSv1.3 TEST");
  EXPECT_EQ(record.at("helo"), "relay");
}

TEST_F(SessionTest, several_messages_over_one_connection) {
  log_in();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(send(plain_).starts_with("250 Ok "));
  EXPECT_EQ(kept(".eml").size(), 3U);
  EXPECT_EQ(kept(".json").size(), 3U);
}

TEST_F(SessionTest, sender_that_ses_would_not_take) {
  log_in();
  for (const auto* path : {"", "root", "root@localhost"})
    EXPECT_EQ(ask("MAIL FROM:<" + std::string(path) + ">\r\n"), "501 Invalid MAIL FROM address provided\r\n");
}

TEST_F(SessionTest, more_than_fifty_recipients_fail_after_the_data) {
  log_in();
  std::string rcpts;
  for (int i = 0; i < 51; ++i) rcpts += "RCPT TO:<r" + std::to_string(i) + "@example.net>\r\n";
  EXPECT_EQ(send(plain_, rcpts), "554 Transaction failed: Recipient count exceeds 50\r\n");
  EXPECT_TRUE(kept(".eml").empty());
  EXPECT_TRUE(send(plain_).starts_with("250 Ok ")) << "the connection goes on";
}

TEST_F(SessionTest, duplicate_header_fails_after_the_data) {
  log_in();
  EXPECT_EQ(send("Subject: y\r\n" + plain_), "554 Transaction failed: Duplicate header 'Subject'.\r\n");
}

TEST_F(SessionTest, size_limit_is_told_after_the_data) {
  options_.max_size = 1000;
  log_in();
  EXPECT_EQ(send(plain_ + std::string(2000, 'x') + "\r\n"), "552 Message is too long.\r\n");
  EXPECT_EQ(send(""), "554 Transaction failed: Missing required header 'From'.\r\n");
}

TEST_F(SessionTest, rate_counts_only_what_was_taken) {
  service_.account = Account(clock_, 1, 0);
  log_in();
  EXPECT_TRUE(send("Subject: no From\r\n\r\n").starts_with("554 "));
  EXPECT_TRUE(send(plain_).starts_with("250 "));
  EXPECT_EQ(send(plain_), "454 Throttling failure: Maximum sending rate exceeded\r\n");
}

TEST_F(SessionTest, failures_on_demand) {
  options_.at_recipient["gone"] = smtp::Reply(553, {}, "<gone@example.net> address unknown");
  options_.after_data["cut"] = smtp::Reply(421, {}, "closing");
  options_.after_data["busy"] = smtp::Reply(451, {}, "Temporary service failure");
  log_in();
  ask("MAIL FROM:<a@example.com>\r\n");
  EXPECT_EQ(ask("RCPT TO:<Gone+label@example.net>\r\n"), "553 <gone@example.net> address unknown\r\n");
  EXPECT_EQ(ask("DATA\r\n"), "554 No valid recipients\r\n");
  ask("RSET\r\n");
  EXPECT_EQ(send(plain_, "RCPT TO:<busy@example.net>\r\n"), "451 Temporary service failure\r\n");
  EXPECT_EQ(send(plain_, "RCPT TO:<cut@example.net>\r\n"), "421 closing\r\n");
  EXPECT_TRUE(wire_->closed);
}

TEST_F(SessionTest, suppressed_recipient_is_accepted_and_not_delivered_to) {
  ASSERT_TRUE(service_.suppression.put({"Gone@example.net", Reason::complaint, clock_.wall_now(), nullptr}));
  log_in();
  const auto record = record_of(send(plain_, "RCPT TO:<gone@EXAMPLE.net>\r\nRCPT TO:<b@example.net>\r\n"));
  const auto& recipients = record.at("recipients").as_array();
  ASSERT_EQ(recipients.size(), 2U);
  EXPECT_EQ(recipients[0].at("address"), "gone@EXAMPLE.net");
  EXPECT_EQ(recipients[0].at("result"), "suppressed");
  EXPECT_EQ(recipients[0].at("reason"), "COMPLAINT");
  EXPECT_EQ(recipients[0].at("bounceType"), "Permanent");
  EXPECT_EQ(recipients[0].at("bounceSubType"), "OnAccountSuppressionList");
  EXPECT_EQ(recipients[1], (boost::json::object{{"address", "b@example.net"}, {"result", "delivered"}}));
  EXPECT_EQ(record.at("to").as_array().size(), 2U) << "the envelope stays";
  EXPECT_EQ(service_.account.sent_last_24_hours(), 2U) << "what is suppressed counts";
}

TEST_F(SessionTest, hard_bounce_enters_the_list_and_suppresses_the_next_message) {
  options_.misfortunes.bounce = {"gone*@example.net"};
  log_in();
  const auto rcpt = "RCPT TO:<Gone1@Example.net>\r\n";
  const auto first = record_of(send(plain_, rcpt));
  EXPECT_EQ(first.at("recipients").at(0).at("result"), "bounced");
  EXPECT_EQ(first.at("recipients").at(0).at("bounceSubType"), "General");
  const auto* entry = service_.suppression.list().find("Gone1@example.net");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->reason, Reason::bounce);
  EXPECT_EQ(entry->updated, clock_.wall_now());
  ASSERT_TRUE(entry->cause);
  EXPECT_EQ(entry->cause->message_id, first.at("id").as_string());
  const auto second = record_of(send(plain_, rcpt));
  EXPECT_EQ(second.at("recipients").at(0).at("result"), "suppressed");
  EXPECT_EQ(service_.suppression.list().size(), 1U);
}

TEST_F(SessionTest, simulator_is_answered_in_kind_and_never_enters_the_list) {
  log_in();
  std::string rcpts;
  for (const auto* name : {"bounce+x", "Complaint", "suppressionlist", "ooto", "success"})
    rcpts += "RCPT TO:<" + std::string(name) + "@simulator.amazonses.com>\r\n";
  const auto record = record_of(send(plain_, rcpts));
  std::vector<std::string> results;
  for (const auto& one : record.at("recipients").as_array())
    results.emplace_back(one.at("result").as_string());
  EXPECT_EQ(results,
            (std::vector<std::string>{"bounced", "complained", "suppressed", "delivered", "delivered"}));
  EXPECT_EQ(service_.suppression.list().size(), 0U);
  EXPECT_EQ(service_.account.sent_last_24_hours(), 0U);
}

TEST_F(SessionTest, account_that_suppresses_nothing_delivers_and_lists_nothing) {
  service_.suppression.account_reasons = no_reasons;
  ASSERT_TRUE(service_.suppression.put({"gone@example.net", Reason::bounce, clock_.wall_now(), nullptr}));
  log_in();
  const auto record = record_of(send(plain_, "RCPT TO:<gone@example.net>\r\nRCPT TO:<x@bounce.example>\r\n"));
  EXPECT_EQ(record.at("recipients").at(0).at("result"), "delivered");
  EXPECT_EQ(record.at("recipients").at(1).at("result"), "bounced");
  EXPECT_EQ(service_.suppression.list().size(), 1U);
}

TEST_F(SessionTest, configuration_set_overrides_the_reasons_of_the_account) {
  ASSERT_TRUE(service_.suppression.put({"gone@example.net", Reason::bounce, clock_.wall_now(), nullptr}));
  service_.suppression.configuration_sets["all"] = no_reasons;
  service_.suppression.configuration_sets["as-account"] = std::nullopt;
  log_in();
  const auto result = [this](const std::string& set) {
    const auto record = record_of(
        send("X-SES-CONFIGURATION-SET: " + set + "\r\n" + plain_, "RCPT TO:<gone@example.net>\r\n"));
    EXPECT_EQ(record.at("configuration_set"), boost::json::value(set));
    return std::string(record.at("recipients").at(0).at("result").as_string());
  };
  EXPECT_EQ(result("all"), "delivered");
  EXPECT_EQ(result("as-account"), "suppressed");
}

TEST_F(SessionTest, configuration_set_that_is_not_there_is_refused_where_some_are) {
  const auto message = "X-SES-CONFIGURATION-SET: other\r\n" + plain_;
  log_in();
  EXPECT_TRUE(send(message).starts_with("250 Ok "));
  options_.configuration_sets = {"mine"};
  EXPECT_EQ(send(message),
            "554 Configuration Set does not exist: Configuration set <other> does not exist.\r\n");
}

TEST_F(SessionTest, ten_idle_seconds_end_in_an_unasked_451) {
  log_in();
  support::advance(loop_, clock_, milliseconds(9'999));
  EXPECT_EQ(wire_->to_client, "");
  EXPECT_FALSE(wire_->closed);
  support::advance(loop_, clock_, milliseconds(1));
  EXPECT_EQ(wire_->take(), "451 4.4.2 Timeout waiting for data from client.\r\n");
  EXPECT_TRUE(wire_->closed);
  EXPECT_EQ(tasks_.size(), 0U);
}

TEST_F(SessionTest, every_command_puts_the_idle_limit_off) {
  log_in();
  for (int i = 0; i < 5; ++i) {
    support::advance(loop_, clock_, seconds(9));
    EXPECT_EQ(ask("NOOP\r\n"), "250 Ok\r\n");
  }
  support::advance(loop_, clock_, milliseconds(9'999));
  EXPECT_FALSE(wire_->closed);
}

TEST_F(SessionTest, idle_limit_holds_within_the_data) {
  log_in();
  ask("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n");
  ask("Subject: half\r\n");
  support::advance(loop_, clock_, seconds(10));
  EXPECT_EQ(wire_->take(), "451 4.4.2 Timeout waiting for data from client.\r\n");
  EXPECT_TRUE(kept(".eml").empty());
}

TEST_F(SessionTest, line_that_is_too_long_gets_one_reply) {
  connect();
  wire_->take();
  EXPECT_EQ(ask("NOOP " + std::string(20'000, 'x') + "\r\nNOOP\r\n"), "500 Line too long\r\n250 Ok\r\n");
  EXPECT_EQ(ask("NOOP " + std::string(3'000, 'x') + "\r\n"), "500 Line too long\r\n");
}

TEST_F(SessionTest, client_that_goes_away_leaves_nothing_behind) {
  log_in();
  ask("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nSubject: half\r\n");
  wire_->closed = true;
  wire_->say("");
  settle();
  EXPECT_EQ(tasks_.size(), 0U);
  EXPECT_TRUE(service_.connections.empty());
  EXPECT_TRUE(kept(".eml").empty());
}

}  // namespace postern::sandbox
