#include "postern/mail/address.hpp"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

bool good(std::string_view text) {
  const auto parsed = parse_mailbox(text);
  return parsed.has_value() && *parsed == text;
}

TEST(Mailbox, takes_every_atext_character) {
  EXPECT_TRUE(good("a@example.com"));
  EXPECT_TRUE(good("First.Last+tag@Mail.Example.COM"));
  EXPECT_TRUE(good("!#$%&'*+-/=?^_`{|}~a@example.com"));
  EXPECT_TRUE(good("%s%n%d@example.com"));
}

TEST(Mailbox, gives_the_empty_path_back_empty) {
  EXPECT_EQ(parse_mailbox("").value(), "");
}

TEST(Mailbox, takes_quoted_local_parts_with_quoted_pairs) {
  EXPECT_TRUE(good("\"john doe\"@example.com"));
  EXPECT_TRUE(good("\"a@b\"@example.com"));
  EXPECT_TRUE(good(R"("a\"b\\c"@example.com)"));
  EXPECT_TRUE(good("\"\"@example.com"));
}

TEST(Mailbox, refuses_quoted_local_parts_that_do_not_close_or_hold_controls) {
  EXPECT_FALSE(good("\"a@example.com"));
  EXPECT_FALSE(good("a\"@example.com"));
  EXPECT_FALSE(good("\"a\"b\"@example.com"));
  EXPECT_FALSE(good("\"a\\\"@example.com"));
  EXPECT_FALSE(
      good("\"a\x01"
           "b\"@example.com"));
  EXPECT_FALSE(good("\"a\\\rb\"@example.com"));
  EXPECT_FALSE(good("\"a\"b@example.com"));
}

TEST(Mailbox, takes_address_literals_that_are_addresses) {
  EXPECT_TRUE(good("a@[192.0.2.1]"));
  EXPECT_TRUE(good("a@[IPv6:2001:db8::1]"));
  EXPECT_TRUE(good("a@[ipv6:::1]"));
  EXPECT_FALSE(good("a@[192.0.2.999]"));
  EXPECT_FALSE(good("a@[IPv6:zz::1]"));
  EXPECT_FALSE(good("a@[2001:db8::1]"));
  EXPECT_FALSE(good("a@[]"));
  EXPECT_FALSE(good("a@["));
  EXPECT_FALSE(good("a@[192.0.2.1"));
  EXPECT_FALSE(good("a@[X-tag:content]"));
  EXPECT_FALSE(good(std::string("a@[192.0.2.1\0]", 15)));
}

TEST(Mailbox, takes_underscores_and_single_labels_in_domains) {
  EXPECT_TRUE(good("root@localhost"));
  EXPECT_TRUE(good("app@my_host.example"));
  EXPECT_TRUE(good("a@_spf.example.com"));
  EXPECT_TRUE(good("a@xn--bcher-kva.example"));
}

TEST(Mailbox, refuses_domains_that_are_none) {
  for (const char* bad : {"a@", "a@.example.com", "a@example.com.", "a@example..com", "a@-example.com",
                          "a@example-.com", "a@exa mple.com", "a@example.com>", "a@b/c", "a@b,c", "a@b%c"}) {
    EXPECT_FALSE(good(bad)) << bad;
  }
}

TEST(Mailbox, refuses_local_parts_that_are_none) {
  for (const char* bad : {"@example.com", ".a@example.com", "a.@example.com", "a..b@example.com",
                          "a b@example.com", "a@b@example.com", "a(b);c@example.com", "<a@example.com",
                          "a\x01"
                          "b@example.com",
                          "Foo <a@example.com>", " a@example.com", "a@example.com ", "a\r\n@example.com"}) {
    EXPECT_FALSE(good(bad)) << bad;
  }
}

TEST(Mailbox, refuses_what_has_no_domain) {
  EXPECT_FALSE(good("alice"));
  EXPECT_FALSE(good("\"a@b\""));
}

TEST(Mailbox, refuses_eight_bit_in_either_half) {
  EXPECT_FALSE(good("\xC3\xA9@example.com"));
  EXPECT_FALSE(
      good("a@b\xC3\xBC"
           "cher.example"));
  EXPECT_FALSE(good("\"\xC3\xA9\"@example.com"));
}

TEST(Mailbox, holds_the_limits_of_length_exactly) {
  const std::string local(64, 'a');
  EXPECT_TRUE(good(local + "@example.com"));
  EXPECT_FALSE(good(local + "a@example.com"));
  const std::string label(63, 'b');
  EXPECT_TRUE(good("a@" + label + ".example"));
  EXPECT_FALSE(good("a@" + label + "b.example"));
  const std::string longest = "a@" + label + "." + label + "." + label + "." + std::string(60, 'c');
  ASSERT_EQ(longest.size(), 254U);
  EXPECT_TRUE(good(longest));
  EXPECT_FALSE(good("a" + longest));
}

TEST(LocalPart, alone_is_what_a_default_domain_completes) {
  EXPECT_TRUE(is_local_part("root"));
  EXPECT_TRUE(is_local_part("\"a b\""));
  EXPECT_FALSE(is_local_part(""));
  EXPECT_FALSE(is_local_part("root@example.com"));
  EXPECT_FALSE(is_local_part("two words"));
  EXPECT_FALSE(is_local_part(std::string(65, 'a')));
}

TEST(Address, splits_at_the_last_at_sign) {
  EXPECT_EQ(local_part("a@b.example"), "a");
  EXPECT_EQ(domain_of("a@b.example"), "b.example");
  EXPECT_EQ(local_part("\"x@y\"@b.example"), "\"x@y\"");
  EXPECT_EQ(domain_of("\"x@y\"@b.example"), "b.example");
}

TEST(Address, without_domain_is_all_local_part) {
  EXPECT_EQ(local_part("root"), "root");
  EXPECT_EQ(domain_of("root"), "");
  EXPECT_EQ(local_part("\"x@y\""), "\"x@y\"");
  EXPECT_EQ(domain_of("\"x@y\""), "");
  EXPECT_EQ(domain_of(""), "");
}

TEST(Address, is_looked_up_without_case) {
  EXPECT_EQ(lookup_key("Bob.X@EXAMPLE.com"), "bob.x@example.com");
}

TEST(Address, is_looked_up_without_quotes_that_it_does_not_need) {
  EXPECT_EQ(lookup_key("\"Jane.X\"@example.com"), "jane.x@example.com");
  EXPECT_EQ(lookup_key("\"j\\ane\"@example.com"), "jane@example.com");
  EXPECT_EQ(lookup_key("\"jane x\"@example.com"), "\"jane x\"@example.com");
  EXPECT_EQ(lookup_key("\"jane@x\"@example.com"), "\"jane@x\"@example.com");
  EXPECT_EQ(lookup_key("\"jane\\ \\x\"@example.com"), "\"jane x\"@example.com");
  EXPECT_EQ(lookup_key("\"a\\\"b\\\\\"@example.com"), "\"a\\\"b\\\\\"@example.com");
  EXPECT_EQ(lookup_key("\".jane\"@example.com"), "\".jane\"@example.com");
  EXPECT_EQ(lookup_key("\"\"@example.com"), "\"\"@example.com");
  EXPECT_EQ(lookup_key("\"@example.com"), "\"@example.com");
}

TEST(Pattern, stars_and_question_marks_match_without_case) {
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("*@example.com", "Bob@EXAMPLE.com"));
  EXPECT_TRUE(matches_pattern("*@*.internal", "a@host.dc.internal"));
  EXPECT_TRUE(matches_pattern("root@*", "root@x"));
  EXPECT_TRUE(matches_pattern("?@x", "a@x"));
  EXPECT_TRUE(matches_pattern("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(matches_pattern("**a", "bba"));
  EXPECT_FALSE(matches_pattern("*@example.com", "bob@example.com.evil.example"));
  EXPECT_FALSE(matches_pattern("*@*.internal", "a@internal"));
  EXPECT_FALSE(matches_pattern("?@x", "@x"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_TRUE(matches_pattern("", ""));
  EXPECT_FALSE(matches_pattern("[a]", "a"));
}

TEST(Pattern, many_stars_do_not_explode) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace postern::mail
