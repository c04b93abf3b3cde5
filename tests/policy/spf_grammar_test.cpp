#include "policy/spf_grammar.hpp"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TEST(SpfGrammar, names_are_what_dns_carries) {
  for (const auto& name :
       {std::string("example.com"), std::string("example.com."), std::string("a"),
        std::string("_spf.example.com"), std::string("two words.example.com"), std::string(63, 'x') + ".com"})
    EXPECT_TRUE(is_dns_name(name)) << name;
  for (const auto& name : {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
                           std::string("a.."), std::string(64, 'x') + ".com", std::string("\xC3\xA9.com"),
                           std::string("a\tb.com"), std::string("a\0b.com", 7)})
    EXPECT_FALSE(is_dns_name(name)) << name;
}

TEST(SpfGrammar, the_longest_name_has_253_octets) {
  std::string name(63, 'x');
  for (int i = 0; i < 3; ++i) name += "." + std::string(i == 2 ? 61 : 63, 'x');
  EXPECT_EQ(name.size(), 253u);
  EXPECT_TRUE(is_dns_name(name));
  EXPECT_TRUE(is_dns_name(name + "."));
  EXPECT_FALSE(is_dns_name(name + "x"));
}

TEST(SpfGrammar, a_domain_to_check_has_two_labels_and_is_no_literal) {
  EXPECT_TRUE(is_checkable_domain("example.com."));
  for (const auto* domain :
       {"localhost", "localhost.", "[192.0.2.1]", "", "[IPv6:2001:db8::1]", "a..example.com"})
    EXPECT_FALSE(is_checkable_domain(domain)) << domain;
}

TEST(SpfGrammar, below_means_whole_labels) {
  EXPECT_TRUE(is_at_or_below("mx.Example.com", "example.COM."));
  EXPECT_TRUE(is_at_or_below("example.com.", "example.com"));
  EXPECT_FALSE(is_at_or_below("badexample.com", "example.com"));
  EXPECT_FALSE(is_at_or_below("com", "example.com"));
}

}  // namespace
}  // namespace postern::policy
