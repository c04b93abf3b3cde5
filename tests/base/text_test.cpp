#include "postern/base/text.hpp"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

TEST(Text, case_is_that_of_ascii_alone) {
  EXPECT_EQ(to_lower("ABCxyz@\xC3\x89[Z]"), "abcxyz@\xC3\x89[z]");
  EXPECT_TRUE(equals_ignoring_case("Message-ID", "message-id"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("a[", "a{"));
}

TEST(Text, blanks_go_from_both_ends_and_stay_inside) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim("\r\na\n"), "\r\na\n");
  EXPECT_EQ(trim("\r\na\n", "\r\n"), "a");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
}

}  // namespace
}  // namespace postern::base
