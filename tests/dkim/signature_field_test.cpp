#include "dkim/signature_field.hpp"

#include <gtest/gtest.h>

#include "dkim/canonical.hpp"
#include "dkim/verifier.hpp"

namespace postern::dkim {
namespace {

SignatureTags tags() {
  return {"example.com", "s1", 1795515330, std::string(43, 'h') + "=", {"From", "To", "From"}};
}

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find("\r\n"), text.size());
    longest = std::max(longest, end);
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return longest;
}

TEST(SignatureField, is_folded_between_tags_and_at_colons) {
  EXPECT_EQ(unsigned_field(tags()),
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n"
            "\tt=1795515330; bh=hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh=; h=From:To:\r\n"
            "\tFrom; b=");
}

TEST(SignatureField, the_signature_fills_its_lines) {
  EXPECT_EQ(signed_field("X: b=", std::string(71, 'a') + std::string(75, 'b') + "c"),
            "X: b=" + std::string(71, 'a') + "\r\n\t" + std::string(75, 'b') + "\r\n\tc\r\n");
  EXPECT_EQ(signed_field("X: b=", ""), "X: b=\r\n");
}

// Whatever the width of what comes before, no line is too long, and unfolding gives the same tags.
TEST(SignatureField, every_width_folds) {
  for (std::size_t width = 1; width < 70; ++width) {
    const std::string selector(width, 's');
    auto given = tags();
    given.selector = selector;
    given.names.insert(given.names.end(), 30, "Content-Transfer-Encoding");
    const std::string signature(344, 'S');
    const auto field = signed_field(unsigned_field(given), signature);
    EXPECT_LE(longest_line(field), 76u) << field;
    const auto read = test::tags_of(std::string_view(field).substr(15));
    EXPECT_EQ(read.at("s"), selector);
    EXPECT_EQ(read.at("b"), signature);
    EXPECT_EQ(std::count(read.at("h").begin(), read.at("h").end(), ':'), 32);
  }
}

TEST(SignatureField, long_names_of_domains_stay_whole) {
  auto given = tags();
  const std::string domain = std::string(200, 'd') + ".example";
  given.domain = domain;
  EXPECT_NE(unsigned_field(given).find("\r\n\td=" + domain + ";\r\n\ts=s1;"), std::string::npos);
}

}  // namespace
}  // namespace postern::dkim
