// How long a session waits for a line, a command or a body, and how it ends at shutdown.
#include "fixture.hpp"
#include "postern/intake/intake.hpp"

namespace postern::intake {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using SessionTimeTest = IntakeTest;

TEST_F(SessionTimeTest, a_line_that_stalls_gets_421_after_five_minutes) {
  auto& client = connect();
  client.reply(std::string(100'000, 'x'));
  advance(minutes(5) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  advance(milliseconds(1));
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.4.2 "));
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTimeTest, a_line_that_drips_without_end_gets_421_after_five_minutes_in_all) {
  auto& client = connect();
  client.reply(std::string(5'000, 'x'));
  for (int i = 0; i < 4; ++i) {
    advance(minutes(1));
    client.reply("x");
  }
  advance(minutes(1) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  advance(milliseconds(1));
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.4.2 "));
}

TEST_F(SessionTimeTest, at_shutdown_a_line_without_end_gets_421) {
  auto& client = connect();
  client.reply(std::string(5'000, 'x'));
  settle();
  on_loop([this] { intake.stop_accepting(); });
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.3.2 "));
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTimeTest, a_command_that_drips_has_five_minutes_in_all) {
  auto& client = connect();
  for (const char* portion : {"N", "O", "O", "P"}) {
    client.reply(portion);
    advance(minutes(1));
  }
  advance(minutes(1) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  advance(milliseconds(1));
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.4.2 "));
}

TEST_F(SessionTimeTest, an_idle_client_gets_421_after_exactly_five_minutes) {
  auto& client = connect();
  say(client, "EHLO app.example.com");
  advance(minutes(5) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  advance(milliseconds(1));
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.4.2 "));
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTimeTest, every_command_gives_five_minutes_anew) {
  auto& client = connect();
  for (int i = 0; i < 3; ++i) {
    advance(minutes(5) - milliseconds(1));
    EXPECT_THAT(say(client, "NOOP"), StartsWith("250 "));
  }
}

TEST_F(SessionTimeTest, a_body_that_drips_gets_421_after_ten_minutes_in_all) {
  auto& client = connect();
  begin_mail(client);
  say(client, "DATA");
  for (int i = 0; i < 9; ++i) {
    client.reply("x: y\r\n");
    advance(minutes(1));
  }
  advance(minutes(1) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  advance(milliseconds(1));
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.4.2 "));
  EXPECT_EQ(spool->totals().messages, 0U);
}

TEST_F(SessionTimeTest, at_shutdown_an_idle_session_gets_421) {
  auto& client = connect();
  say(client, "EHLO app.example.com");
  on_loop([this] { intake.stop_accepting(); });
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.3.2 "));
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(books.wait(intake.wait_idle(books.clock.steady_now())));
}

TEST_F(SessionTimeTest, at_shutdown_a_mail_on_its_way_is_still_taken) {
  auto& client = connect();
  begin_mail(client);
  say(client, "DATA");
  client.reply("From: <a@example.com>\r\n");
  on_loop([this] { intake.stop_accepting(); });
  EXPECT_FALSE(client.closed());
  EXPECT_THAT(intake.busy(), ElementsAre("session 127.0.0.1:4711"));
  const auto answer = say(client, "\r\nHello\r\n.");
  EXPECT_THAT(answer, AllOf(StartsWith("250 2.0.0 "), HasSubstr("\r\n421 4.3.2 ")));
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(stored(answer));
}

TEST_F(SessionTimeTest, a_mail_that_shutdown_cuts_off_gets_421_and_stays_with_the_client) {
  auto& client = connect();
  begin_mail(client);
  say(client, "DATA");
  client.reply("From: <a@example.com>\r\n");
  settle();
  on_loop([this] { intake.abort(); });
  EXPECT_THAT(client.writes().back(), StartsWith("421 4.3.2 "));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(spool->totals().messages, 0U);
}

}  // namespace
}  // namespace postern::intake
