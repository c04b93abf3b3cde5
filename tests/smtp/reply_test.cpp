#include "postern/smtp/reply.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::smtp {
namespace {

Reply parse(std::initializer_list<std::string_view> lines) {
  ReplyParser parser;
  auto status = ReplyParser::Status::malformed;
  for (const auto line : lines) status = parser.add_line(line);
  EXPECT_EQ(status, ReplyParser::Status::done);
  return parser.take();
}

ReplyParser::Status status_of(std::string_view line) {
  return ReplyParser().add_line(line);
}

}  // namespace

TEST(Reply, is_rendered_line_by_line) {
  EXPECT_EQ(render(Reply(250, "2.1.0", "Ok")), "250 2.1.0 Ok\r\n");
  Reply ehlo(250, {}, "mail.example.com");
  ehlo.lines.emplace_back("8BITMIME");
  EXPECT_EQ(render(ehlo), "250-mail.example.com\r\n250 8BITMIME\r\n");
  Reply two(550, "5.1.1", "no");
  two.lines.emplace_back("such user");
  EXPECT_EQ(render(two), "550-5.1.1 no\r\n550 5.1.1 such user\r\n");
  Reply bare;
  bare.code = 250;
  EXPECT_EQ(render(bare), "250 \r\n");
}

TEST(Reply, no_text_breaks_the_protocol) {
  EXPECT_EQ(render(Reply(550, "5.1.1", "a\r\nb\x1b\tc\xe9")), "550 5.1.1 a??b? c?\r\n");
  const auto line = render(Reply(550, "5.1.1", std::string(2000, 'x')));
  EXPECT_EQ(line.size(), 512U);
  EXPECT_TRUE(line.ends_with("x\r\n"));
}

TEST(Reply, to_string_is_one_line) {
  Reply reply(550, "5.1.1", "no");
  reply.lines.emplace_back("such\nuser");
  EXPECT_EQ(reply.to_string(), "550 5.1.1 no such?user");
  EXPECT_EQ(Reply(0, {}, "not connected").to_string(), "not connected");
  EXPECT_EQ(Reply().to_string(), "");
}

TEST(Reply, classes) {
  EXPECT_TRUE(Reply(250, {}, "").positive());
  EXPECT_TRUE(Reply(354, {}, "").positive());
  EXPECT_FALSE(Reply(451, {}, "").positive());
  EXPECT_FALSE(Reply(451, {}, "").permanent());
  EXPECT_TRUE(Reply(554, {}, "").permanent());
  EXPECT_FALSE(Reply().positive());
  EXPECT_FALSE(Reply().permanent());
}

TEST(ReplyParser, takes_code_enhanced_code_and_text_apart) {
  const auto reply = parse({"550 5.1.1 <a@b>: no such user"});
  EXPECT_EQ(reply.code, 550);
  EXPECT_EQ(reply.enhanced, "5.1.1");
  EXPECT_EQ(reply.text(), "<a@b>: no such user");
  EXPECT_EQ(parse({"451 4.4.2 Timeout waiting for data from client."}).enhanced, "4.4.2");
  EXPECT_EQ(parse({"250 2.0.0"}).enhanced, "2.0.0");
}

TEST(ReplyParser, what_only_looks_like_an_enhanced_code_is_text) {
  EXPECT_EQ(parse({"250 4.1.1 of another class"}).enhanced, "");
  EXPECT_EQ(parse({"250 2.0 short"}).enhanced, "");
  EXPECT_EQ(parse({"250 2.0.0.0 long"}).enhanced, "");
  EXPECT_EQ(parse({"220 2.1.1x"}).text(), "2.1.1x");
}

TEST(ReplyParser, collects_lines) {
  const auto reply = parse({"250-mail.example.com", "250-AUTH PLAIN LOGIN", "250 Ok"});
  EXPECT_EQ(reply.lines, (std::vector<std::string>{"mail.example.com", "AUTH PLAIN LOGIN", "Ok"}));
  EXPECT_EQ(parse({"550-5.1.1 no", "550 5.1.1 such user"}).text(), "no such user");
}

TEST(ReplyParser, is_empty_again_after_take) {
  ReplyParser parser;
  parser.add_line("250 first");
  parser.take();
  EXPECT_EQ(parser.add_line("550 second"), ReplyParser::Status::done);
  EXPECT_EQ(parser.take().to_string(), "550 second");
}

TEST(ReplyParser, code_alone_is_a_reply) {
  EXPECT_EQ(parse({"250"}).code, 250);
}

TEST(ReplyParser, refuses_what_is_no_reply) {
  for (const auto* line :
       {"", "2", "25", "abc", "099 x", "650 x", "2500 x", "250x", "HTTP/1.1 400 Bad Request"})
    EXPECT_EQ(status_of(line), ReplyParser::Status::malformed) << line;
  ReplyParser parser;
  parser.add_line("250-a");
  EXPECT_EQ(parser.add_line("550 b"), ReplyParser::Status::malformed);
}

TEST(ReplyParser, endless_reply_is_malformed) {
  ReplyParser parser;
  auto status = ReplyParser::Status::more;
  int lines = 0;
  for (; status == ReplyParser::Status::more && lines < 10000; ++lines) status = parser.add_line("250-x");
  EXPECT_EQ(status, ReplyParser::Status::malformed);
  EXPECT_LT(lines, 1000);
}

TEST(ReplyParser, long_lines_are_cut_and_controls_masked) {
  EXPECT_EQ(parse({"250 " + std::string(5000, 'x')}).text().size(), 1000U);
  EXPECT_EQ(parse({"250 a\x1b[31m"}).text(), "a?[31m");
}

}  // namespace postern::smtp
