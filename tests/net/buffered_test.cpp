#include "postern/net/buffered.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "support/run.hpp"
#include "support/scripted_stream.hpp"

namespace postern::net {
namespace {

using testing::ElementsAre;

class BufferedReaderTest : public testing::Test {
 protected:
  static base::Task<base::Result<std::string>> next_line(BufferedReader& reader) {
    for (;;) {
      const auto line = reader.take_line();
      if (line) co_return std::string(*line);
      auto filled = co_await reader.fill();
      if (!filled) co_return filled.error();
    }
  }
  static base::Task<std::vector<std::string>> lines_to_end(BufferedReader& reader) {
    std::vector<std::string> lines;
    for (;;) {
      auto line = co_await next_line(reader);
      if (!line) co_return lines;
      lines.push_back(std::move(*line));
    }
  }
  base::Result<void> fill(BufferedReader& reader) { return support::run(loop, reader.fill()); }

  support::ManualClock clock;
  boost::asio::io_context loop;
  support::Script script{loop.get_executor(), clock};
  std::unique_ptr<Stream> stream = script.stream();
};

TEST_F(BufferedReaderTest, lines_are_the_same_at_every_portioning) {
  const std::string bytes = "EHLO a\r\n\r\nbare\nLF and bare\rCR\r\n\r\r\nlast\r\n";
  for (std::size_t portion = 1; portion <= bytes.size(); ++portion) {
    support::Script portions(loop.get_executor(), clock);
    portions.reply_portions(bytes, portion).hang_up();
    const auto from = portions.stream();
    BufferedReader reader(*from, 32);
    EXPECT_THAT(support::run(loop, lines_to_end(reader)),
                ElementsAre("EHLO a", "", "bare\nLF and bare\rCR", "\r", "last"))
        << portion;
  }
}

TEST_F(BufferedReaderTest, what_is_buffered_needs_no_reading) {
  script.reply("one\r\ntwo\r\nthr");
  BufferedReader reader(*stream);
  EXPECT_FALSE(reader.take_line());
  ASSERT_TRUE(fill(reader));
  EXPECT_EQ(reader.take_line(), "one");
  EXPECT_EQ(reader.take_line(), "two");
  EXPECT_FALSE(reader.take_line());
  EXPECT_EQ(reader.pending(), "thr");
  EXPECT_EQ(script.steps(), 1U);
}

TEST_F(BufferedReaderTest, a_line_longer_than_the_capacity_fits_up_to_twice_of_it) {
  const std::string line(1999, 'x');
  script.reply(line + "\r").reply("\n");
  BufferedReader reader(*stream, 1000);
  EXPECT_EQ(support::run(loop, next_line(reader)).error().code, base::Errc::full);
  reader.consume(1);
  EXPECT_EQ(support::run(loop, next_line(reader)).value(), std::string(1998, 'x'));
}

TEST_F(BufferedReaderTest, a_line_that_is_too_long_is_noticed_before_it_ends) {
  script.reply("12345678").reply("9\r\n");
  BufferedReader reader(*stream);
  ASSERT_TRUE(fill(reader));
  EXPECT_FALSE(reader.line_too_long(8));
  EXPECT_TRUE(reader.line_too_long(7));
  ASSERT_TRUE(fill(reader));
  EXPECT_FALSE(reader.line_too_long(7));  // it has an end now
}

TEST_F(BufferedReaderTest, the_cr_of_a_split_end_does_not_count_as_length) {
  script.reply("12345678\r").reply("\n");
  BufferedReader reader(*stream);
  ASSERT_TRUE(fill(reader));
  EXPECT_FALSE(reader.line_too_long(8));
  EXPECT_TRUE(reader.line_too_long(7));
  ASSERT_TRUE(fill(reader));
  EXPECT_EQ(reader.take_line(), "12345678");
}

TEST_F(BufferedReaderTest, a_cr_that_ends_no_line_counts_as_length) {
  script.reply("1234567\r").reply("x");
  BufferedReader reader(*stream);
  ASSERT_TRUE(fill(reader));
  EXPECT_FALSE(reader.line_too_long(7));
  ASSERT_TRUE(fill(reader));
  EXPECT_FALSE(reader.line_too_long(9));
  EXPECT_TRUE(reader.line_too_long(8));
}

TEST_F(BufferedReaderTest, discarding_a_line_finds_its_end_at_every_portioning) {
  const std::string bytes = "a very\rlong\nline\r\nnext\r\n";
  for (std::size_t portion = 1; portion <= bytes.size(); ++portion) {
    support::Script portions(loop.get_executor(), clock);
    portions.reply_portions(bytes, portion);
    const auto from = portions.stream();
    BufferedReader reader(*from, 32);
    while (!reader.discard_line()) ASSERT_TRUE(fill(reader));
    EXPECT_EQ(support::run(loop, next_line(reader)).value(), "next") << portion;
  }
}

TEST_F(BufferedReaderTest, discard_forgets_what_was_sent_in_clear) {
  script.reply("STARTTLS\r\nRSET\r\n").reply("EHLO b\r\n");
  BufferedReader reader(*stream);
  EXPECT_EQ(support::run(loop, next_line(reader)).value(), "STARTTLS");
  reader.discard();
  EXPECT_EQ(reader.pending(), "");
  EXPECT_EQ(support::run(loop, next_line(reader)).value(), "EHLO b");
}

TEST_F(BufferedReaderTest, a_failed_read_keeps_what_is_buffered) {
  script.reply("half a li").fail_step(2, base::Errc::timeout);
  BufferedReader reader(*stream);
  EXPECT_EQ(support::run(loop, next_line(reader)).error().code, base::Errc::timeout);
  EXPECT_EQ(reader.pending(), "half a li");
}

}  // namespace
}  // namespace postern::net
