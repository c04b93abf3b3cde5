#include "intake/session.hpp"

#include <fmt/format.h>

#include "fixture.hpp"
#include "postern/intake/intake.hpp"

namespace postern::intake {
namespace {

using std::chrono::minutes;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

using SessionTest = IntakeTest;

TEST_F(SessionTest, an_accepted_mail_lies_in_the_spool) {
  auto& client = connect();
  EXPECT_EQ(client.written(), "220 mail.example.com ESMTP postern\r\n");
  EXPECT_EQ(begin_mail(client), "250 2.1.5 Ok\r\n");
  const auto answer = send(client);
  EXPECT_THAT(answer, StartsWith("250 2.0.0 Ok: queued as "));
  const auto message = stored(answer);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->sender, "a@example.com");
  EXPECT_EQ(message->client, "127.0.0.1");
  EXPECT_EQ(message->stream, "example.com");
  ASSERT_EQ(message->recipients.size(), 1U);
  EXPECT_EQ(message->recipients[0].address, "b@example.net");
  EXPECT_EQ(message->recipients[0].due, books.clock.wall_now());
  EXPECT_EQ(*message->content.body, "Hello there\r\n.dots\r\n");
  EXPECT_THAT(message->content.header, AllOf(StartsWith("Received: from app.example.com"),
                                             HasSubstr("Subject: hello\r\n"), HasSubstr("Date: ")));
  EXPECT_EQ(say(client, "QUIT"), "221 2.0.0 Bye\r\n");
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTest, several_mails_in_one_session_get_ids_of_their_own) {
  auto& client = connect();
  begin_mail(client);
  const auto first = ids_in(send(client));
  say(client, "MAIL FROM:<a@example.com>");
  say(client, "RCPT TO:<c@example.net>");
  const auto second = ids_in(send(client));
  EXPECT_EQ(spool->totals().messages, 2U);
  EXPECT_NE(first, second);
}

TEST_F(SessionTest, a_large_mail_goes_through_a_file) {
  std::string body;
  while (body.size() < 600 * 1024) body += fmt::format("line {}\r\n", body.size());
  auto& client = connect();
  begin_mail(client);
  const auto message = stored(send(client, std::string("From: <a@example.com>\r\n\r\n") + body + "end"));
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->content.body);
  std::ifstream file(message->content.body_file, std::ios::binary);
  const std::string on_disk{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(on_disk == body + "end\r\n");
  EXPECT_EQ(memory.used(), 0U);
}

TEST_F(SessionTest, pipelined_commands_are_answered_in_order_in_one_write) {
  auto& client = connect();
  say(client, "EHLO app.example.com");
  say(client,
      "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<>\r\nRCPT "
      "TO:<c@example.net>\r\nDATA");
  const auto replies = client.writes().back();
  EXPECT_THAT(replies, StartsWith("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n5"));
  EXPECT_THAT(replies, HasSubstr("\r\n250 2.1.5 Ok\r\n354 "));
  EXPECT_THAT(say(client, std::string(mail) + "\r\n.\r\nQUIT"), EndsWith("221 2.0.0 Bye\r\n"));
  EXPECT_EQ(client.writes().size(), 4U) << "greeting, EHLO, the batch, the end";
  EXPECT_EQ(stored(client.written())->recipients.size(), 2U);
}

TEST_F(SessionTest, commands_that_come_byte_by_byte_are_the_same) {
  auto& client = connect();
  const std::string bytes =
      "EHLO app.example.com\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n" +
      std::string(mail) + "\r\n.\r\nQUIT\r\n";
  client.reply_portions(bytes, 1);
  ASSERT_TRUE(run_until([&] { return client.closed(); }));
  const auto message = stored(client.written());
  ASSERT_TRUE(message);
  EXPECT_EQ(*message->content.body, "Hello there\r\n.dots\r\n");
}

TEST_F(SessionTest, a_mail_to_suppressed_recipients_alone_ends_here) {
  suppress("gone@example.net");
  auto& client = connect();
  EXPECT_EQ(begin_mail(client, {"Gone@Example.net"}), "250 2.1.5 Ok\r\n");
  EXPECT_THAT(send(client), StartsWith("250 2.0.0 Ok"));
  EXPECT_EQ(spool->totals().messages, 0U);
  EXPECT_THAT(books.logged(), AllOf(HasSubstr("status=suppressed"), HasSubstr("to=<Gone@Example.net>")));
  const auto rows = ledger_rows(1);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].status, ledger::Status::suppressed);
  EXPECT_EQ(rows[0].to, "Gone@Example.net");
}

TEST_F(SessionTest, a_suppressed_recipient_among_others_is_left_out) {
  suppress("gone@example.net");
  auto& client = connect();
  begin_mail(client, {"b@example.net", "gone@example.net", "c@example.net"});
  const auto message = stored(send(client));
  ASSERT_TRUE(message);
  std::vector<std::string> addresses;
  for (const auto& recipient : message->recipients) addresses.push_back(recipient.address);
  EXPECT_THAT(addresses, ElementsAre("b@example.net", "c@example.net"));
  EXPECT_EQ(ledger_rows(1).size(), 1U);
}

TEST_F(SessionTest, a_suppressed_recipient_is_held_where_that_is_wanted) {
  auto settings = *policy;
  settings.suppression_action = policy::SuppressionAction::hold;
  set_policy(settings);
  suppress("gone@example.net");
  auto& client = connect();
  begin_mail(client, {"gone@example.net", "b@example.net"});
  const auto message = stored(send(client));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->recipients[0].state, spool::RecipientState::held);
  EXPECT_THAT(message->recipients[0].hold_reason, HasSubstr("BOUNCE"));
  EXPECT_EQ(message->recipients[1].state, spool::RecipientState::queued);
}

TEST_F(SessionTest, a_suppressed_recipient_is_rejected_where_that_is_wanted) {
  auto settings = *policy;
  settings.suppression_action = policy::SuppressionAction::reject;
  set_policy(settings);
  suppress("gone@example.net");
  auto& client = connect();
  EXPECT_EQ(begin_mail(client, {"gone@example.net"}),
            "550 5.1.1 <gone@example.net> suppressed: BOUNCE since 2026-11-24 (SES account list)\r\n");
  EXPECT_THAT(say(client, "DATA"), StartsWith("5"));
}

TEST_F(SessionTest, a_stranger_may_not_relay) {
  auto& client = connect("203.0.113.5");
  EXPECT_THAT(client.written(), StartsWith("554 5.7.1 "));
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTest, little_room_on_disk_is_452_until_there_is_more) {
  free_disk = wanted.min_free - 1;
  auto& client = connect();
  say(client, "EHLO app.example.com");
  EXPECT_THAT(say(client, "MAIL FROM:<a@example.com>"), StartsWith("452 4.3.1 "));
  free_disk = wanted.min_free + 999;
  EXPECT_THAT(say(client, "MAIL FROM:<a@example.com> SIZE=1000"), StartsWith("452 4.3.1 "));
  free_disk = wanted.min_free + 1000;
  EXPECT_THAT(say(client, "MAIL FROM:<a@example.com> SIZE=1000"), StartsWith("250 "));
}

TEST_F(SessionTest, a_full_spool_is_452) {
  wanted.spool_size = 100;
  auto& client = connect();
  begin_mail(client);
  ASSERT_TRUE(stored(send(client)));
  EXPECT_THAT(say(client, "MAIL FROM:<a@example.com>"), StartsWith("452 4.3.1 "));
}

TEST_F(SessionTest, a_spool_that_fails_is_451_and_nothing_is_acknowledged) {
  auto& client = connect();
  begin_mail(client);
  spool->close();
  EXPECT_THAT(send(client), StartsWith("451 4.3.0 "));
  EXPECT_THAT(say(client, "NOOP"), StartsWith("250 ")) << "the session goes on";
}

TEST_F(SessionTest, a_mail_that_goes_round_in_a_loop_is_554) {
  wanted.fixups.max_hops = 3;
  auto& client = connect();
  begin_mail(client);
  std::string received;
  for (int i = 0; i < 4; ++i) received += "Received: from x by y; Tue, 24 Nov 2026 10:00:00 +0000\r\n";
  EXPECT_THAT(send(client, received + mail), StartsWith("554 5.4.6 "));
  EXPECT_EQ(spool->totals().messages, 0U);
}

TEST_F(SessionTest, a_mail_that_is_too_large_is_552_and_the_session_goes_on) {
  wanted.message_size = 1000;
  auto& client = connect();
  say(client, "EHLO app.example.com");
  EXPECT_THAT(say(client, "MAIL FROM:<a@example.com> SIZE=1001"), StartsWith("552 5.3.4 "));
  begin_mail(client);
  EXPECT_THAT(send(client, std::string(mail) + "\r\n" + std::string(1000, 'x')), StartsWith("552 5.3.4 "));
  begin_mail(client);
  EXPECT_THAT(send(client), StartsWith("250 2.0.0 "));
}

TEST_F(SessionTest, a_header_that_is_none_is_554) {
  auto& client = connect();
  begin_mail(client);
  EXPECT_THAT(send(client, "From: <a@example.com>\r\nFrom: <b@example.com>\r\n\r\nx"),
              StartsWith("554 5.6.0 "));
  EXPECT_EQ(spool->totals().messages, 0U);
}

TEST_F(SessionTest, a_line_without_end_is_refused_and_the_session_goes_on) {
  auto& client = connect();
  client.reply(std::string(100'000, 'x'));
  EXPECT_THAT(say(client, ""), StartsWith("500 5."));
  EXPECT_THAT(say(client, "NOOP"), StartsWith("250 "));
}

TEST_F(SessionTest, the_longest_line_is_taken_with_its_end_in_two_segments) {
  auto& client = connect();
  client.reply("NOOP " + std::string(smtp::ServerProtocol::max_line - 5, 'x') + "\r");
  settle();
  client.reply("\n");
  settle();
  EXPECT_THAT(client.writes().back(), StartsWith("250 "));
}

TEST_F(SessionTest, a_client_that_hangs_up_in_its_mail_keeps_it) {
  auto& client = connect();
  begin_mail(client);
  say(client, "DATA");
  client.reply("Subject: half\r\n\r\nhal").hang_up();
  ASSERT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_EQ(spool->totals().messages, 0U);
  EXPECT_THAT(books.logged(), HasSubstr("lost"));
}

TEST_F(SessionTest, one_connection_too_many_gets_421) {
  wanted.connections = 2;
  auto& first = connect();
  connect();
  EXPECT_THAT(connect().written(), StartsWith("421 4.7.0 "));
  say(first, "QUIT");
  settle();
  EXPECT_THAT(connect().written(), StartsWith("220 "));
}

TEST_F(SessionTest, a_client_has_a_share_of_the_connections_but_loopback_is_exempt) {
  wanted.connections_per_client = 1;
  connect("192.0.2.1");
  EXPECT_THAT(connect("192.0.2.1").written(), StartsWith("421 4.7.0 "));
  EXPECT_THAT(connect("192.0.2.2").written(), StartsWith("220 "));
  connect();
  EXPECT_THAT(connect().written(), StartsWith("220 "));
}

TEST_F(SessionTest, a_client_that_is_too_fast_gets_450) {
  wanted.messages_per_minute_per_client = 1;
  auto& client = connect("192.0.2.1");
  begin_mail(client);
  EXPECT_THAT(send(client), StartsWith("250 2.0.0 "));
  EXPECT_THAT(say(client, "MAIL FROM:<a@example.com>"), StartsWith("450 4.7.1 "));
  advance(minutes(1));
  EXPECT_THAT(say(client, "MAIL FROM:<a@example.com>"), StartsWith("250 "));
}

TEST_F(SessionTest, a_probe_leaves_no_line_in_the_log) {
  auto& client = connect();
  client.hang_up();
  ASSERT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_EQ(books.logged(), "");
}

// The connection breaks at each read and write in turn: what the client holds a 250 for is in the spool.
TEST_F(SessionTest, nothing_acknowledged_is_missing_whichever_step_fails) {
  const std::string greeting = "EHLO app.example.com\r\n";
  const std::string envelope = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n";
  const std::string content = std::string(mail) + "\r\n.\r\n";
  std::size_t acknowledged = 0;
  std::size_t step = 0;
  for (bool broken = true; broken;) {
    ++step;
    auto& client = clients.emplace_back(books.loop.get_executor(), books.clock);
    client.fail_step(step, base::Errc::closed);
    client.reply(greeting).reply_portions(envelope, 40).reply_portions(content, 30);
    client.reply(envelope).reply(content + "QUIT\r\n");
    offer(client);
    ASSERT_TRUE(run_until([&] { return client.closed(); })) << step;
    for (const auto& id : ids_in(client.written())) {
      EXPECT_TRUE(books.wait(spool->load(id))) << "step " << step;
      ++acknowledged;
    }
    broken = client.steps() >= step;
  }
  EXPECT_GT(step, 10U);
  EXPECT_GT(acknowledged, 5U);
  EXPECT_GE(spool->totals().messages, acknowledged);
  EXPECT_LT(spool->totals().messages, 2 * step);
}

}  // namespace
}  // namespace postern::intake
