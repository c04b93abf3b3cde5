#include "sandbox/session.hpp"

#include "session_fixture.hpp"

namespace postern::sandbox {

using std::chrono::milliseconds;
using std::chrono::seconds;

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
