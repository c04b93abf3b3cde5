#include "dkim/canonical.hpp"

#include <gtest/gtest.h>

namespace postern::dkim {
namespace {

std::string field(std::string_view text) {
  std::string out;
  append_relaxed_field(text, out);
  return out;
}

// "bare" when it was refused.
std::string body(std::string_view text, std::size_t portion = std::string::npos) {
  std::string out;
  RelaxedBody relaxed([&out](std::string_view bytes) { out += bytes; });
  for (; !text.empty(); text.remove_prefix(std::min(portion, text.size()))) {
    if (!relaxed.feed(text.substr(0, portion))) return "bare";
  }
  relaxed.finish();
  return out;
}

TEST(RelaxedField, example_of_the_rfc) {  // RFC 6376 3.4.5
  EXPECT_EQ(field("A: X\r\n"), "a:X");
  EXPECT_EQ(field("B : Y\t\r\n\tZ  \r\n"), "b:Y Z");
}

TEST(RelaxedField, only_the_name_changes_case) {
  EXPECT_EQ(field("X-MiXed: CaSe"), "x-mixed:CaSe");
}

TEST(RelaxedField, white_space_goes_from_both_ends_and_around_the_colon) {
  EXPECT_EQ(field("Subject \t :\t a  b \t"), "subject:a b");
  EXPECT_EQ(field("Subject:a:b : c"), "subject:a:b : c");
}

TEST(RelaxedField, folding_leaves_its_white_space_only) {
  EXPECT_EQ(field("To:\r\n a,\r\n\tb,\r\n \t \r\n  c\r\n"), "to:a, b, c");
  EXPECT_EQ(field("To: a\r\n \r\n"), "to:a");
}

TEST(RelaxedField, empty_ones) {
  EXPECT_EQ(field("X:"), "x:");
  EXPECT_EQ(field("X: \r\n \t\r\n"), "x:");
}

TEST(RelaxedField, other_control_characters_are_text) {
  EXPECT_EQ(field("X: \va\f b\xC3\xA4"), "x:\va\f b\xC3\xA4");
}

TEST(RelaxedBody, example_of_the_rfc) {  // RFC 6376 3.4.5
  EXPECT_EQ(body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
}

TEST(RelaxedBody, nothing_but_empty_lines_is_nothing) {
  for (const auto text : {"", "\r\n", "\r\n\r\n\r\n", " \t", " \r\n\t\r\n", "\r"}) EXPECT_EQ(body(text), "");
}

TEST(RelaxedBody, empty_lines_count_where_text_follows) {
  EXPECT_EQ(body("\r\n \r\na\r\n\r\nb"), "\r\n\r\na\r\n\r\nb\r\n");
}

TEST(RelaxedBody, white_space_at_the_start_of_a_line_becomes_one_blank) {
  EXPECT_EQ(body("\t \ta\r\n b\r\n"), " a\r\n b\r\n");
}

TEST(RelaxedBody, the_last_line_is_completed) {
  EXPECT_EQ(body("a"), "a\r\n");
  EXPECT_EQ(body("a \t"), "a\r\n");
  EXPECT_EQ(body("a \r"), "a\r\n");
}

TEST(RelaxedBody, bare_line_ends_are_refused) {
  for (const auto text : {"\n", "a\nb", "a\rb", "a\r\r\n", "\r\n\n", "a\r b", "a \n"}) {
    for (std::size_t portion = 1; portion < 5; ++portion) EXPECT_EQ(body(text, portion), "bare") << text;
  }
}

TEST(RelaxedBody, nul_and_eight_bit_are_text) {
  const std::string_view text("a\0 \0\r\n\xFF\r\n", 9);
  EXPECT_EQ(body(text), text);
}

TEST(RelaxedBody, every_split_gives_the_same) {
  const std::string text = "\r\n \r\n one\t two \r\n\r\n\t\r\nthree  \t four\r\n \r\n five \t\r\n\r\n \r\n";
  const auto whole = body(text);
  EXPECT_EQ(whole, "\r\n\r\n one two\r\n\r\n\r\nthree four\r\n\r\n five\r\n");
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      std::string out;
      RelaxedBody relaxed([&out](std::string_view bytes) { out += bytes; });
      const std::string_view view = text;
      EXPECT_TRUE(relaxed.feed(view.substr(0, first)));
      EXPECT_TRUE(relaxed.feed(view.substr(first, second - first)));
      EXPECT_TRUE(relaxed.feed(view.substr(second)));
      relaxed.finish();
      ASSERT_EQ(out, whole) << first << ", " << second;
    }
  }
}

TEST(RelaxedBody, its_buffer_does_not_show) {
  for (const std::size_t size : {4094u, 4095u, 4096u, 4097u, 8191u, 8192u, 20000u}) {
    const std::string word(size, 'x');
    EXPECT_EQ(body(word + " \t" + word), word + " " + word + "\r\n") << size;
    std::string letters;
    for (std::size_t i = 0; i < size; ++i) letters += "y ";
    EXPECT_EQ(body(letters, 7), letters.substr(0, letters.size() - 1) + "\r\n") << size;
  }
}

TEST(RelaxedBody, many_held_back_lines_come_in_portions) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "\r\n";
  std::size_t largest = 0, all = 0;
  RelaxedBody relaxed([&](std::string_view bytes) {
    largest = std::max(largest, bytes.size());
    all += bytes.size();
  });
  EXPECT_TRUE(relaxed.feed(text + "x"));
  relaxed.finish();
  EXPECT_EQ(all, text.size() + 3);
  EXPECT_LE(largest, 4096u);
}

}  // namespace
}  // namespace postern::dkim
