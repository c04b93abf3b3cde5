#include "postern/mail/header_block.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::mail {
namespace {

using testing::HasSubstr;

std::string problem(std::string_view bytes, std::size_t max_field = 64 * 1024) {
  const auto parsed = HeaderBlock::parse(bytes, max_field);
  return parsed.has_error() ? parsed.error().message : "";
}

TEST(HeaderBlock, gives_back_every_byte) {
  const std::string bytes =
      "Subject:no space\r\nX-Empty:\r\nTo: a@b,\r\n\tc@d\r\n \r\nX-8: \xF6\xC3\xA9\x7F\x01\r\nOdd-Name \t: "
      "v\r\n";
  const auto header = HeaderBlock::parse(bytes).value();
  EXPECT_EQ(header.fields().size(), 5U);
  EXPECT_EQ(header.bytes(), bytes);
}

TEST(HeaderBlock, may_be_empty) {
  const auto header = HeaderBlock::parse("").value();
  EXPECT_TRUE(header.fields().empty());
  EXPECT_EQ(header.bytes(), "");
}

TEST(HeaderBlock, keeps_blank_lines_before_the_first_field) {
  const std::string bytes = "   \r\n\t\r\nA: 1\r\n";
  auto header = HeaderBlock::parse(bytes).value();
  ASSERT_EQ(header.fields().size(), 1U);
  EXPECT_EQ(header.fields()[0].name(), "A");
  EXPECT_EQ(header.bytes(), bytes);
  header.prepend("B", "2");
  header.prepend("C", "3");
  EXPECT_EQ(header.bytes(), "C: 3\r\nB: 2\r\n" + bytes);
  EXPECT_EQ(HeaderBlock::parse(header.bytes()).value().find("B")->unfolded(), "2");
  EXPECT_EQ(HeaderBlock::parse("  \r\n").value().bytes(), "  \r\n");
  EXPECT_THAT(problem(std::string(100, ' ') + "\r\nA: 1\r\n", 50), HasSubstr("too large"));
}

TEST(HeaderBlock, tells_name_and_body_apart) {
  const auto header = HeaderBlock::parse("A: x:y\r\nB\t :\r\nC:\r\n long\r\n").value();
  EXPECT_EQ(header.fields()[0].name(), "A");
  EXPECT_EQ(header.fields()[0].body(), " x:y");
  EXPECT_EQ(header.fields()[1].name(), "B");
  EXPECT_EQ(header.fields()[1].body(), "");
  EXPECT_EQ(header.fields()[2].body(), "\r\n long");
}

TEST(HeaderBlock, unfolds_a_body) {
  const auto header = HeaderBlock::parse("A:  x\r\n\ty \r\n  z \r\nB: \r\n \r\n").value();
  EXPECT_EQ(header.fields()[0].unfolded(), "x\ty   z");
  EXPECT_EQ(header.fields()[1].unfolded(), "");
}

TEST(HeaderBlock, finds_fields_without_case_and_despite_space_before_the_colon) {
  const auto header = HeaderBlock::parse("FROM : a@b\r\nX: 1\r\nx: 2\r\n").value();
  ASSERT_NE(header.find("From"), nullptr);
  EXPECT_EQ(header.find("From")->unfolded(), "a@b");
  EXPECT_EQ(header.find("X")->unfolded(), "1");
  EXPECT_EQ(header.count("x"), 2U);
  EXPECT_EQ(header.find("Fro"), nullptr);
}

TEST(HeaderBlock, refuses_mbox_lines) {
  EXPECT_THAT(problem("From a@b Tue Nov 24 10:15:30 2026\r\nSubject: x\r\n"), HasSubstr("mbox"));
  EXPECT_THAT(problem(">From a@b Tue Nov 24 10:15:30 2026\r\nSubject: x\r\n"), HasSubstr("mbox"));
  EXPECT_THAT(problem("Subject: x\r\nFrom a@b\r\n"), HasSubstr("field 2: an mbox"));
}

TEST(HeaderBlock, refuses_lines_that_are_no_fields) {
  EXPECT_THAT(problem("Subject: x\r\nno colon here\r\n"), HasSubstr("field 2: a line that is no field"));
  EXPECT_THAT(problem(": no name\r\n"), HasSubstr("no field"));
  EXPECT_THAT(problem("S\xC3\xBC: x\r\n"), HasSubstr("no field"));
  EXPECT_THAT(problem("Two words: x\r\n"), HasSubstr("no field"));
  EXPECT_THAT(problem(" folded: x\r\n"), HasSubstr("continuation of nothing"));
  EXPECT_THAT(problem("A: x\r\n\r\nB: y\r\n"), HasSubstr("empty line"));
}

TEST(HeaderBlock, refuses_bytes_that_no_signature_survives) {
  EXPECT_THAT(problem(std::string("A: x\0y\r\n", 8)), HasSubstr("NUL"));
  EXPECT_THAT(problem("A: x\ry\r\n"), HasSubstr("bare CR"));
  EXPECT_THAT(problem("A: x\r\r\n"), HasSubstr("bare CR"));
  EXPECT_THAT(problem("A: x\nB: y\r\n"), HasSubstr("bare LF"));
  EXPECT_THAT(problem("\n"), HasSubstr("bare LF"));
  EXPECT_THAT(problem("A: x"), HasSubstr("without CRLF"));
  EXPECT_THAT(problem("A: x\r"), HasSubstr("without CRLF"));
}

TEST(HeaderBlock, holds_the_limit_of_a_field_over_its_folding) {
  const std::string field = "A: " + std::string(95, 'x') + "\r\n " + std::string(95, 'y') + "\r\n";
  EXPECT_EQ(problem(field, field.size()), "");
  EXPECT_THAT(problem(field, field.size() - 1), HasSubstr("too large"));
  EXPECT_EQ(problem("A: " + std::string(64 * 1024 - 5, 'x') + "\r\n"), "");
  EXPECT_THAT(problem("A: " + std::string(64 * 1024 - 4, 'x') + "\r\n"), HasSubstr("too large"));
}

TEST(HeaderBlock, adds_at_either_end) {
  auto header = HeaderBlock::parse("B: 2\r\n").value();
  header.prepend("A", "1\r\n\tfolded");
  header.append("C", "3");
  EXPECT_EQ(header.bytes(), "A: 1\r\n\tfolded\r\nB: 2\r\nC: 3\r\n");
  EXPECT_EQ(header.find("C")->name(), "C");
  EXPECT_EQ(header.find("A")->unfolded(), "1\tfolded");
}

TEST(HeaderBlock, replaces_a_body_and_keeps_the_name_as_written) {
  auto header = HeaderBlock::parse("A: 1\r\nfROM\t:old\r\n").value();
  header.replace_body(1, "new");
  header.replace_body(0, " 2\r\n\t3");
  EXPECT_EQ(header.bytes(), "A: 2\r\n\t3\r\nfROM\t: new\r\n");
  EXPECT_TRUE(header.fields()[1].is("From"));
}

TEST(HeaderBlock, removes_every_field_of_a_name) {
  auto header = HeaderBlock::parse("Bcc: a\r\nA: 1\r\nbcc : b\r\n c\r\nB: 2\r\n").value();
  EXPECT_EQ(header.remove("BCC"), 2U);
  EXPECT_EQ(header.remove("BCC"), 0U);
  EXPECT_EQ(header.bytes(), "A: 1\r\nB: 2\r\n");
}

}  // namespace
}  // namespace postern::mail
