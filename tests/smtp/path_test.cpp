#include "smtp/path.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {

TEST(PathArgument, path_and_parameters_are_taken_apart) {
  const auto parts = split_path_argument("from:<a@b.example>  SIZE=10\tBODY  X=", "FROM:");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->path, "a@b.example");
  ASSERT_EQ(parts->parameters.size(), 3U);
  EXPECT_EQ(parts->parameters[0].keyword, "SIZE");
  EXPECT_EQ(parts->parameters[0].value, "10");
  EXPECT_EQ(parts->parameters[1].keyword, "BODY");
  EXPECT_EQ(parts->parameters[1].value, std::nullopt);
  EXPECT_EQ(parts->parameters[2].value, "");
}

TEST(PathArgument, quoted_bracket_does_not_close_the_path) {
  const auto parts = split_path_argument("TO:<\"a>\\\">b\"@c.example>", "TO:");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->path, "\"a>\\\">b\"@c.example");
}

TEST(PathArgument, what_is_no_bracketed_path_is_refused) {
  for (const auto* text : {"", "TO", "TO:", "TO: ", "TO:a@b", "TO:<a@b", "TO:a@b>", "TO:<a@b>x",
                           "TO:<a@b><c@d>", "TO:<\"a@b>", "TO :<a@b>", "FROM:<a@b>"})
    EXPECT_FALSE(split_path_argument(text, "TO:")) << text;
}

TEST(SourceRoute, is_stripped) {
  EXPECT_EQ(strip_source_route("@a,@b:u@d"), "u@d");
  EXPECT_EQ(strip_source_route("@[IPv6:2001:db8::1]:u@d"), "u@d");
  EXPECT_EQ(strip_source_route("u@d"), "u@d");
  EXPECT_EQ(strip_source_route(""), "");
  EXPECT_EQ(strip_source_route("@a,@b"), std::nullopt);
}

TEST(Address, mailbox_or_local_part_alone) {
  for (const auto* good :
       {"a@b.example", "root", "Postmaster", "\"a@b\"", "\"john doe\"@b.example", "a@[192.0.2.1]"})
    EXPECT_TRUE(is_address(good)) << good;
  for (const auto* bad :
       {"", "a@", "@b", "a@b@c.example", "a b", "a,b", "a@-b.example", "a@[192.0.2.999]", "a@b\n"})
    EXPECT_FALSE(is_address(bad)) << bad;
  EXPECT_FALSE(is_address(std::string(65, 'a')));
}

TEST(Xtext, is_recognised) {
  for (const auto* good : {"", "a", "e+3Dmc2@example.com"}) EXPECT_TRUE(is_xtext(good)) << good;
  for (const auto* bad : {"a+ZZ", "a+3", "a+", "a=b", "a+3d", "\xe9"}) EXPECT_FALSE(is_xtext(bad)) << bad;
}

}  // namespace postern::smtp
