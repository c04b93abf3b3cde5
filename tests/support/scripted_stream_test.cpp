#include "support/scripted_stream.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "postern/base/spawn.hpp"
#include "support/fake_dialer.hpp"
#include "support/run.hpp"

namespace postern::support {
namespace {

using base::Errc;

class ScriptedStreamTest : public testing::Test {
 protected:
  // Reads once; what came, or the error's kind.
  base::Task<void> read_once() {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    char room[100];
    auto got = co_await stream->read_some(room);
    outcome = got ? std::string(room, *got) : std::string(to_string(got.error().code));
    if (got.has_value() || got.error().code != Errc::cancelled) co_return;
    auto written = co_await stream->write("bye");
    outcome += written ? ", bye" : ", speechless";
  }
  std::string read_now() {
    outcome.clear();
    tasks.spawn("read", read_once());
    advance(loop, clock, base::Duration(0));
    return outcome;
  }
  base::Result<void> write(std::string bytes) { return run(loop, stream->write(bytes)); }

  ManualClock clock;
  base::Log log{clock, [](std::string_view) {}};
  boost::asio::io_context loop;
  base::TaskGroup tasks{loop.get_executor(), clock, log};
  Script script{loop.get_executor(), clock};
  std::unique_ptr<net::Stream> stream = script.stream();
  std::string outcome;
};

TEST_F(ScriptedStreamTest, gives_a_reply_only_after_what_it_answers) {
  script.expect("HELO a\r\n").reply("250 b\r\n").hang_up();
  EXPECT_EQ(read_now(), "");
  ASSERT_TRUE(write("HELO "));
  EXPECT_EQ(outcome, "");
  ASSERT_TRUE(write("a\r\n"));
  advance(loop, clock, base::Duration(0));
  EXPECT_EQ(outcome, "250 b\r\n");
  EXPECT_EQ(read_now(), "closed");
}

TEST_F(ScriptedStreamTest, a_waiting_read_goes_on_when_the_script_is_extended) {
  EXPECT_EQ(read_now(), "");
  script.reply("more");
  advance(loop, clock, base::Duration(0));
  EXPECT_EQ(outcome, "more");
  EXPECT_TRUE(script.finished());
}

TEST_F(ScriptedStreamTest, what_is_not_expected_fails_the_test) {
  script.expect("NOOP\r\n");
  EXPECT_NONFATAL_FAILURE((void)write("QUIT\r\n"), "NOOP");
  EXPECT_TRUE(script.aborted());
}

TEST_F(ScriptedStreamTest, a_read_with_nothing_to_give_ends_at_the_deadline) {
  stream->set_deadline(clock.steady_now() + std::chrono::seconds(5));
  EXPECT_EQ(read_now(), "");
  advance(loop, clock, base::Duration(4999));
  EXPECT_EQ(outcome, "");
  advance(loop, clock, base::Duration(1));
  EXPECT_EQ(outcome, "timeout");
}

TEST_F(ScriptedStreamTest, cancelling_ends_a_read_and_leaves_the_stream_usable) {
  EXPECT_EQ(read_now(), "");
  tasks.cancel();
  advance(loop, clock, base::Duration(0));
  EXPECT_EQ(outcome, "cancelled, bye");
}

TEST_F(ScriptedStreamTest, fails_from_the_chosen_step_on) {
  script.reply_portions("abc", 1).fail_step(3, Errc::closed);
  EXPECT_EQ(read_now(), "a");
  EXPECT_TRUE(write("x"));
  EXPECT_EQ(read_now(), "closed");
  EXPECT_EQ(write("y").error().code, Errc::closed);
  EXPECT_EQ(script.written(), "x");
}

TEST_F(ScriptedStreamTest, is_quiet_unless_something_waits_to_be_read) {
  EXPECT_TRUE(stream->quiet());
  script.reply("421\r\n");
  EXPECT_FALSE(stream->quiet());
}

TEST(FakeDialer, hands_out_in_order_and_remembers_who_was_asked_for) {
  ManualClock clock;
  boost::asio::io_context loop;
  Script script(loop.get_executor(), clock);
  FakeDialer dialer;
  dialer.hand_out(base::fail(Errc::timeout, "slow"));
  dialer.hand_out(script.stream());
  const net::Target target{"mail.example.com", 587, nullptr};
  EXPECT_EQ(run(loop, dialer.connect(target, clock.steady_now())).error().code, Errc::timeout);
  EXPECT_TRUE(run(loop, dialer.connect(target, clock.steady_now())));
  EXPECT_EQ(run(loop, dialer.connect(target, clock.steady_now())).error().code, Errc::refused);
  EXPECT_EQ(dialer.targets().size(), 3U);
  EXPECT_EQ(dialer.targets().back().port, 587);
  EXPECT_EQ(script.deadline(), clock.steady_now());
}

}  // namespace
}  // namespace postern::support
