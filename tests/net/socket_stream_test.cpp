#include "loopback.hpp"
#include "postern/base/suspend.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::StartsWith;

class SocketStreamTest : public LoopbackTest {
 protected:
  // What a session does: it reads, and when it is cancelled or late it says so and closes.
  static base::Task<void> session(Stream& stream, Errc& ended) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto got = co_await read_text(stream);
    if (got) co_return;
    ended = got.error().code;
    auto written = co_await write_text(stream, "421 bye\r\n");
    if (written) co_await stream.close();
  }
  // The same of a task that leaves it to asio what a cancellation does.
  static base::Task<void> plain_session(Stream& stream, Errc& ended) {
    auto got = co_await read_text(stream);
    if (!got) ended = got.error().code;
    auto written = co_await write_text(stream, "421 bye\r\n");
    if (written) co_await stream.close();
  }
  // Waits for something that cannot be cancelled, such as the spool.
  base::Task<void> elsewhere() {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto keep = [this](std::function<void()> resume) { go_on = std::move(resume); };
    co_await base::suspend(keep);
  }
  base::Task<void> busy_session(Stream& stream, Errc& ended) {
    co_await elsewhere();
    co_await session(stream, ended);
  }
  base::Task<void> busy_writer(Stream& stream, std::string text, Errc& ended) {
    co_await elsewhere();
    auto written = co_await write_text(stream, std::move(text));
    if (!written) ended = written.error().code;
  }
  base::Task<void> busy_reader(Stream& stream, std::size_t& bytes) {
    co_await elsewhere();
    co_await read_byte_by_byte(stream, bytes);
  }
  base::Task<void> busy_closer(Stream& stream) {
    co_await elsewhere();
    co_await stream.close();
  }
  // The task is cancelled while it is busy, and then gets to the stream.
  void cancel_while_busy(base::Task<void> task) {
    tasks.spawn("busy", std::move(task));
    settle();
    cancel_tasks();
    ASSERT_EQ(tasks.size(), 1U);
    go_on();
    settle();
  }
  static base::Task<void> read_byte_by_byte(Stream& stream, std::size_t& bytes) {
    char one[1];
    for (bool more = true; more;) {
      auto got = co_await stream.read_some(one);
      more = got.has_value();
      if (more) ++bytes;
    }
  }
  static base::Task<int> close(Stream& stream) {
    co_await stream.close();
    co_return 0;
  }
  void settle() { advance(base::Duration(0)); }

  void TearDown() override {
    ends.client.reset();
    run_until([this] { return tasks.size() == 0; });
  }

  std::function<void()> go_on;
  Ends ends = connect();
};

TEST_F(SocketStreamTest, bytes_go_both_ways) {
  ASSERT_TRUE(run(write_text(*ends.client, "EHLO a\r\n")));
  EXPECT_EQ(run(read_text(*ends.server)).value(), "EHLO a\r\n");
  ASSERT_TRUE(run(write_text(*ends.server, "250 b\r\n")));
  EXPECT_EQ(run(read_text(*ends.client)).value(), "250 b\r\n");
}

TEST_F(SocketStreamTest, a_reader_waits_for_what_comes_later) {
  auto text = start(read_text(*ends.server));
  EXPECT_FALSE(*text);
  ASSERT_TRUE(run(write_text(*ends.client, "late")));
  ASSERT_TRUE(run_until([&] { return text->has_value(); }));
  EXPECT_EQ((*text)->value(), "late");
}

TEST_F(SocketStreamTest, a_write_larger_than_the_socket_buffers_arrives_whole) {
  std::string large(16 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = static_cast<char>('a' + i / 1000 % 26);
  auto written = start(write_text(*ends.client, large));
  EXPECT_FALSE(*written) << "the test needs a write that has to wait";
  auto read = start(read_to_end(*ends.server));
  ASSERT_TRUE(run_until([&] { return written->has_value(); }));
  ends.client.reset();
  ASSERT_TRUE(run_until([&] { return read->has_value(); }));
  EXPECT_TRUE((*read)->value() == large);
}

TEST_F(SocketStreamTest, a_peer_that_always_has_more_leaves_the_others_their_turn) {
  ASSERT_TRUE(run(write_text(*ends.client, std::string(1000, 'x'))));
  std::size_t bytes = 0;
  std::size_t at_the_others_turn = 0;
  tasks.spawn("greedy", read_byte_by_byte(*ends.server, bytes));
  std::function<void()> other = [&] {
    at_the_others_turn = bytes;
    if (bytes == 0) boost::asio::post(loop, other);  // the greedy one has not begun
  };
  boost::asio::post(loop, other);
  EXPECT_TRUE(run_until([&] { return bytes == 1000 && at_the_others_turn > 0; }));
  EXPECT_LT(at_the_others_turn, 1000U);
}

TEST_F(SocketStreamTest, the_end_of_the_stream_is_closed) {
  ends.client->abort();
  EXPECT_EQ(run(read_text(*ends.server)).error().code, Errc::closed);
}

TEST_F(SocketStreamTest, writing_to_a_peer_that_has_gone_is_closed) {
  ends.client->abort();
  base::Result<void> result;
  for (int i = 0; i < 100 && result; ++i) result = run(write_text(*ends.server, std::string(100000, 'x')));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::closed);
}

TEST_F(SocketStreamTest, a_read_ends_at_its_deadline) {
  ends.server->set_deadline(in(seconds(10)));
  auto text = start(read_text(*ends.server));
  advance(milliseconds(9999));
  EXPECT_FALSE(*text);
  advance(milliseconds(1));
  ASSERT_TRUE(*text);
  EXPECT_EQ((*text)->error().code, Errc::timeout);
}

TEST_F(SocketStreamTest, a_deadline_moved_later_holds) {
  ends.server->set_deadline(in(seconds(10)));
  auto text = start(read_text(*ends.server));
  advance(seconds(9));
  ends.server->set_deadline(in(seconds(10)));
  advance(milliseconds(9999));
  EXPECT_FALSE(*text);
  advance(milliseconds(1));
  EXPECT_TRUE(*text);
}

TEST_F(SocketStreamTest, a_deadline_moved_earlier_holds) {
  ends.server->set_deadline(in(seconds(100)));
  auto text = start(read_text(*ends.server));
  advance(seconds(1));
  ends.server->set_deadline(in(seconds(2)));
  advance(milliseconds(1999));
  EXPECT_FALSE(*text);
  advance(milliseconds(1));
  EXPECT_TRUE(*text);
}

TEST_F(SocketStreamTest, a_deadline_taken_away_does_not_fire) {
  ends.server->set_deadline(in(seconds(10)));
  auto text = start(read_text(*ends.server));
  ends.server->set_deadline(base::SteadyTime::max());
  advance(seconds(100));
  EXPECT_FALSE(*text);
  ends.server->set_deadline(in(seconds(1)));
  advance(seconds(1));
  EXPECT_TRUE(*text);
}

TEST_F(SocketStreamTest, a_write_that_nobody_reads_ends_at_its_deadline) {
  ends.server->set_deadline(in(seconds(10)));
  auto written = start(write_text(*ends.server, std::string(16 * 1024 * 1024, 'x')));
  advance(milliseconds(9999));
  EXPECT_FALSE(*written);
  advance(milliseconds(1));
  ASSERT_TRUE(*written);
  EXPECT_EQ((*written)->error().code, Errc::timeout);
}

TEST_F(SocketStreamTest, past_its_deadline_nothing_works_even_if_it_could) {
  ASSERT_TRUE(run(write_text(*ends.client, "drip")));
  ends.server->set_deadline(clock.steady_now());
  EXPECT_EQ(run(read_text(*ends.server)).error().code, Errc::timeout);
  EXPECT_EQ(run(write_text(*ends.server, "x")).error().code, Errc::timeout);
  ends.server->set_deadline(in(seconds(1)));
  EXPECT_EQ(run(read_text(*ends.server)).value(), "drip");
}

TEST_F(SocketStreamTest, after_a_timeout_a_new_deadline_counts_again) {
  for (int round = 0; round < 3; ++round) {
    ends.server->set_deadline(in(seconds(10)));
    auto text = start(read_text(*ends.server));
    advance(milliseconds(9999));
    EXPECT_FALSE(*text);
    advance(milliseconds(1));
    ASSERT_TRUE(*text);
    EXPECT_EQ((*text)->error().code, Errc::timeout);
  }
}

TEST_F(SocketStreamTest, a_cancelled_session_can_still_say_goodbye) {
  Errc ended = Errc::invalid;
  const auto id = tasks.spawn("session", session(*ends.server, ended));
  settle();
  boost::asio::post(loop, [this, id] { tasks.cancel(id); });
  ASSERT_TRUE(run_until([&] { return tasks.size() == 0; }));
  EXPECT_EQ(ended, Errc::cancelled);
  EXPECT_EQ(run(read_to_end(*ends.client)).value(), "421 bye\r\n");
  EXPECT_TRUE(lines.empty());
}

TEST_F(SocketStreamTest, a_task_that_asio_would_throw_at_can_say_goodbye_too) {
  Errc ended = Errc::invalid;
  tasks.spawn("session", plain_session(*ends.server, ended));
  settle();
  cancel_tasks();
  EXPECT_TRUE(run_until([&] { return tasks.size() == 0; }));
  EXPECT_EQ(ended, Errc::cancelled);
  EXPECT_EQ(run(read_to_end(*ends.client)).value(), "421 bye\r\n");
}

TEST_F(SocketStreamTest, a_session_cancelled_while_it_is_busy_does_not_wait_for_its_client) {
  ends.server->set_deadline(in(seconds(300)));
  Errc ended = Errc::invalid;
  cancel_while_busy(busy_session(*ends.server, ended));
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(ended, Errc::cancelled);
  EXPECT_EQ(run(read_to_end(*ends.client)).value(), "421 bye\r\n");
}

TEST_F(SocketStreamTest, a_reply_of_a_cancelled_session_goes_out_where_there_is_room) {
  Errc ended = Errc::invalid;
  cancel_while_busy(busy_writer(*ends.server, "250 queued\r\n", ended));
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(ended, Errc::invalid);
  EXPECT_EQ(run(read_text(*ends.client)).value(), "250 queued\r\n");
}

TEST_F(SocketStreamTest, a_cancelled_session_does_not_wait_for_a_client_that_does_not_read) {
  Errc ended = Errc::invalid;
  cancel_while_busy(busy_writer(*ends.server, std::string(16 * 1024 * 1024, 'x'), ended));
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(ended, Errc::cancelled);
}

TEST_F(SocketStreamTest, a_client_that_always_has_more_does_not_keep_a_cancelled_session) {
  ASSERT_TRUE(run(write_text(*ends.client, std::string(1000, 'x'))));
  std::size_t bytes = 0;
  cancel_while_busy(busy_reader(*ends.server, bytes));
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_LT(bytes, 1000U);
}

TEST_F(SocketStreamTest, a_cancelled_session_still_waits_for_its_last_reply_to_be_taken) {
  ASSERT_TRUE(run(write_text(*ends.client, std::string(100000, 'x'))));
  tasks.spawn("session", busy_closer(*ends.server));
  settle();
  cancel_tasks();
  go_on();
  advance(milliseconds(999));
  EXPECT_EQ(tasks.size(), 1U);
  advance(milliseconds(1));
  EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(SocketStreamTest, abort_ends_what_waits) {
  auto text = start(read_text(*ends.server));
  ends.server->abort();
  settle();
  ASSERT_TRUE(*text);
  EXPECT_EQ((*text)->error().code, Errc::closed);
}

TEST_F(SocketStreamTest, after_abort_everything_is_closed) {
  ends.server->abort();
  EXPECT_EQ(run(read_text(*ends.server)).error().code, Errc::closed);
  EXPECT_EQ(run(write_text(*ends.server, "x")).error().code, Errc::closed);
  EXPECT_FALSE(ends.server->quiet());
  EXPECT_EQ(run(close(*ends.server)), 0);
}

TEST_F(SocketStreamTest, close_does_not_lose_the_last_reply_to_a_client_that_still_sends) {
  ASSERT_TRUE(run(write_text(*ends.client, std::string(100000, 'x'))));
  ASSERT_TRUE(run(write_text(*ends.server, "421 bye\r\n")));
  auto closed = start(close(*ends.server));
  EXPECT_FALSE(*closed) << "it waits for the client";
  EXPECT_EQ(run(read_to_end(*ends.client)).value(), "421 bye\r\n");
  ends.client.reset();
  EXPECT_TRUE(run_until([&] { return closed->has_value(); }));
}

TEST_F(SocketStreamTest, close_waits_for_a_second_at_most) {
  ASSERT_TRUE(run(write_text(*ends.client, "QUIT\r\n")));
  auto closed = start(close(*ends.server));
  advance(milliseconds(999));
  EXPECT_FALSE(*closed);
  advance(milliseconds(1));
  EXPECT_TRUE(*closed);
}

TEST_F(SocketStreamTest, close_is_over_at_once_when_nothing_is_unread) {
  auto closed = start(close(*ends.server));
  EXPECT_TRUE(*closed);
  EXPECT_EQ(run(read_to_end(*ends.client)).value(), "");
}

TEST_F(SocketStreamTest, quiet_tells_whether_a_pooled_connection_is_good) {
  EXPECT_TRUE(ends.client->quiet());
  ASSERT_TRUE(run(write_text(*ends.server, "421 idle\r\n")));
  EXPECT_TRUE(run_until([&] { return !ends.client->quiet(); }));
  ASSERT_TRUE(run(read_text(*ends.client)));
  EXPECT_TRUE(ends.client->quiet());
  ends.server->abort();
  EXPECT_TRUE(run_until([&] { return !ends.client->quiet(); }));
}

TEST_F(SocketStreamTest, a_plain_stream_says_so) {
  EXPECT_FALSE(ends.server->encrypted());
  EXPECT_EQ(ends.server->tls_description(), "");
}

TEST_F(SocketStreamTest, knows_its_peer) {
  EXPECT_THAT(ends.server->peer().to_string(), StartsWith("127.0.0.1:"));
  EXPECT_FALSE(ends.server->peer().is_local_socket);
  auto listener = listen("unix:" + directory.file("s"));
  const auto local = connect(*listener);
  EXPECT_TRUE(local.server->peer().is_local_socket);
  EXPECT_TRUE(local.server->peer().address.is_loopback());
  EXPECT_TRUE(local.client->peer().address.is_loopback());
}

TEST_F(SocketStreamTest, a_stream_may_go_while_its_deadline_is_armed) {
  ends.server->set_deadline(in(seconds(10)));
  {
    auto text = start(read_text(*ends.server));
    ASSERT_TRUE(run(write_text(*ends.client, "x")));
    ASSERT_TRUE(run_until([&] { return text->has_value(); }));
  }
  ends.server.reset();
  advance(seconds(20));
}

}  // namespace
}  // namespace postern::net
