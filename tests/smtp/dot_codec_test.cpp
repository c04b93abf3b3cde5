#include "postern/smtp/dot_codec.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::smtp {
namespace {

using namespace std::string_literals;

struct Decoded {
  std::string text;
  std::size_t used = 0;
  bool done = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view in, bool normalize = true, std::size_t portion = std::string::npos) {
  DotDecoder decoder(normalize);
  Decoded result;
  while (result.used < in.size() && !decoder.done())
    result.used += decoder.feed(in.substr(result.used, portion), result.text);
  result.done = decoder.done();
  return result;
}

std::string encode(std::string_view in, std::size_t portion = std::string::npos) {
  DotEncoder encoder;
  std::string out;
  for (std::size_t at = 0; at < in.size(); at += std::min(portion, in.size() - at))
    encoder.feed(in.substr(at, portion), out);
  encoder.finish(out);
  return out;
}

// What each input becomes when repaired; whole, and byte by byte.
void expect_text(const std::string& in, const std::string& text) {
  const Decoded expected{text, in.size(), true};
  EXPECT_EQ(decode(in).text, text);
  EXPECT_EQ(decode(in), expected);
  EXPECT_EQ(decode(in, true, 1), expected);
}

// No end of data in here: more is waited for.
void expect_open(const std::string& in) {
  for (const bool normalize : {true, false}) {
    EXPECT_FALSE(decode(in, normalize).done) << in;
    EXPECT_FALSE(decode(in, normalize, 1).done) << in;
    EXPECT_EQ(decode(in, normalize).used, in.size()) << in;
  }
}

}  // namespace

TEST(DotDecoder, ends_at_the_dot_and_leaves_what_follows) {
  const auto decoded = decode("a\r\nb\r\n.\r\nMAIL FROM:<x@y>\r\n");
  EXPECT_EQ(decoded.text, "a\r\nb\r\n");
  EXPECT_EQ(decoded.used, 9U);
  EXPECT_TRUE(decoded.done);
}

TEST(DotDecoder, dot_at_once_is_an_empty_message) {
  expect_text(".\r\n", "");
}

TEST(DotDecoder, takes_one_leading_dot_off) {
  expect_text("..\r\n...\r\n..x\r\n.y\r\n.\r\n", ".\r\n..\r\n.x\r\ny\r\n");
}

TEST(DotDecoder, dots_within_a_line_stay) {
  expect_text("a.b\r\n x.\r\n . \r\n.\r\n", "a.b\r\n x.\r\n . \r\n");
}

TEST(DotDecoder, bare_lf_and_cr_do_not_end_data) {
  for (const auto* end : {"\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\r.\r", "\r.\n", "\n.\r",
                          "\n\n.\n\n", "\n\r.\n\r", "\r\r\n.\r\r\n", "\r\n .\r\n", "\r\n. \r\n",
                          "\r\n.\t\r\n", "\r\n\xe2\x80\xa8.\xe2\x80\xa8"})
    expect_open("first"s + end + "MAIL FROM:<smuggled@example.com>\r\n");
  expect_open(".\nMAIL FROM:<smuggled@example.com>\r\n");
  expect_open("a\r\n\0.\r\nb\r\n.\0\r\n"s);
}

TEST(DotDecoder, bare_line_ends_are_repaired_and_counted) {
  expect_text("a\nb\rc\r\n.\r\n", "a\r\nb\r\nc\r\n");
  DotDecoder decoder(true);
  std::string out;
  decoder.feed("a\nb\n\nc\rd\r\re\r\r\nf\r\n.\r\n", out);
  EXPECT_EQ(decoder.bare_lf(), 3U);
  EXPECT_EQ(decoder.bare_cr(), 4U);
}

TEST(DotDecoder, cr_cr_lf_is_one_line_end) {
  expect_text("Subject: x\r\r\nFrom: y\r\r\n\r\r\nbody\r\n.\r\n", "Subject: x\r\nFrom: y\r\n\r\nbody\r\n");
  expect_text("a\r\rb\r\n.\r\n", "a\r\n\r\nb\r\n");
}

TEST(DotDecoder, dot_behind_a_bare_line_end_is_content) {
  expect_text("a\n.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n");
  expect_text("a\r..\r\n.\r\n", "a\r\n..\r\n");
  // and the next hop gets it stuffed
  EXPECT_EQ(encode(decode("a\n.\r\nb\r\n.\r\n").text), "a\r\n..\r\nb\r\n.\r\n");
}

TEST(DotDecoder, without_normalize_bytes_pass_unchanged) {
  const auto in = "a\nb\rc\r\rd\r\r\ne\n\r\n"s;
  for (const std::size_t portion : {std::size_t{1}, std::size_t{3}, in.size() + 3}) {
    const auto decoded = decode(in + ".\r\n", false, portion);
    EXPECT_EQ(decoded.text, in);
    EXPECT_TRUE(decoded.done);
  }
  DotDecoder decoder(false);
  std::string out;
  decoder.feed(in, out);
  EXPECT_EQ(decoder.bare_lf(), 2U);
  EXPECT_EQ(decoder.bare_cr(), 4U);
}

TEST(DotDecoder, measures_lines_without_their_end) {
  DotDecoder decoder(true);
  std::string out;
  decoder.feed("1234\r\n..\r\n123456", out);
  EXPECT_EQ(decoder.longest_line(), 4U);
  decoder.feed("789\r", out);
  decoder.feed("\n.\r\n", out);
  EXPECT_EQ(decoder.longest_line(), 9U);
}

TEST(DotDecoder, notices_nul_and_eight_bit) {
  DotDecoder seven(true), eight(true);
  std::string out;
  seven.feed("plain ascii, long enough for a whole word\r\n.\r\n", out);
  EXPECT_FALSE(seven.eight_bit());
  EXPECT_EQ(seven.nul(), 0U);
  eight.feed("0123456789\0abcdef\0\r\n\xe9\r\n.\r\n"s, out);
  EXPECT_TRUE(eight.eight_bit());
  EXPECT_EQ(eight.nul(), 2U);
}

TEST(DotDecoder, every_split_gives_the_same) {
  const auto in = "a\r\n..b\r\n.c\nd\r.e\r\r\n.\n.\r.\r\r\n\r\n.f.\r\n\0\xff\r\n.\r\nrest"s;
  for (const bool normalize : {true, false}) {
    const auto whole = decode(in, normalize);
    EXPECT_TRUE(whole.done);
    EXPECT_EQ(in.substr(whole.used), "rest");
    for (std::size_t portion = 1; portion < in.size(); ++portion)
      EXPECT_EQ(decode(in, normalize, portion), whole) << portion;
  }
}

TEST(DotEncoder, stuffs_dots_and_ends_the_data) {
  for (const std::size_t portion : {std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
    EXPECT_EQ(encode(".a\r\n..\r\nb.\r\n.\r\n", portion), "..a\r\n...\r\nb.\r\n..\r\n.\r\n");
    EXPECT_EQ(encode("no end", portion), "no end\r\n.\r\n");
    EXPECT_EQ(encode("cut in the line end\r", portion), "cut in the line end\r\r\n.\r\n");
    EXPECT_EQ(encode("", portion), ".\r\n");
  }
}

TEST(DotEncoder, no_input_ends_the_data_early) {
  for (const auto* text : {"a\r\n.\r\nb\r\n", "a\n.\nb\n", "a\n.\r\nb", "a\n", ".", "."}) {
    for (const std::size_t portion : {std::size_t{1}, std::size_t{100}}) {
      const auto wire = encode(text, portion);
      const auto decoded = decode(wire);
      EXPECT_TRUE(decoded.done) << text;
      EXPECT_EQ(decoded.used, wire.size()) << text;
      EXPECT_EQ(wire.find("\n.\n"), std::string::npos);
      EXPECT_EQ(wire.find("\n.\r\n"), wire.size() - 4) << text;
    }
  }
}

TEST(DotEncoder, the_decoder_gives_back_what_it_was_given) {
  const auto message = "Subject: x\r\n\r\n.\r\n..\r\n.a\r\nb\r\n"s;
  EXPECT_EQ(decode(encode(message)).text, message);
}

}  // namespace postern::smtp
