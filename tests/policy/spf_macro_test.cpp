#include "policy/spf_macro.hpp"

#include <gtest/gtest.h>

#include "policy/spf_grammar.hpp"

namespace postern::policy {
namespace {

// The examples of RFC 7208 7.4 and what else the grammar allows.
MacroValues values() {
  MacroValues out;
  out.local_part = "strong-bad";
  out.sender_domain = "email.example.com";
  out.domain = "email.example.com";
  out.ip = net::IpAddress::parse("192.0.2.3").value();
  out.validated = "mx.example.org";
  out.helo = "client.example.net";
  out.receiver = "receiver.example.net";
  out.time = base::WallTime(std::chrono::milliseconds(1'700'000'000'999));
  return out;
}

std::string expanded(std::string_view spec) {
  EXPECT_TRUE(check_domain_spec(spec)) << spec;
  return expand_domain_spec(spec, values());
}

std::string explained(std::string_view text) {
  EXPECT_TRUE(check_explanation(text)) << text;
  return expand_explanation(text, values());
}

TEST(SpfMacro, letters_stand_for_what_the_rfc_says) {
  EXPECT_EQ(expanded("%{s}"), "strong-bad@email.example.com");
  EXPECT_EQ(expanded("%{l}"), "strong-bad");
  EXPECT_EQ(expanded("%{o}"), "email.example.com");
  EXPECT_EQ(expanded("%{i}"), "192.0.2.3");
  EXPECT_EQ(expanded("%{p}"), "mx.example.org");
  EXPECT_EQ(expanded("%{v}"), "in-addr");
  EXPECT_EQ(expanded("%{h}"), "client.example.net");
}

TEST(SpfMacro, transformers_split_reverse_and_keep) {
  EXPECT_EQ(expanded("%{d4}"), "email.example.com");
  EXPECT_EQ(expanded("%{d2}"), "example.com");
  EXPECT_EQ(expanded("%{d1}"), "com");
  EXPECT_EQ(expanded("%{dr}"), "com.example.email");
  EXPECT_EQ(expanded("%{d2R}"), "example.email");
  EXPECT_EQ(expanded("%{l-}"), "strong.bad");
  EXPECT_EQ(expanded("%{lr}"), "strong-bad");
  EXPECT_EQ(expanded("%{lr-}"), "bad.strong");
  EXPECT_EQ(expanded("%{l1r-}"), "strong");
  EXPECT_EQ(expanded("%{d00000000000000000000002}"), "example.com");
  EXPECT_EQ(expanded("%{d99999999999999999999999}"), "email.example.com");
}

TEST(SpfMacro, several_make_a_name) {
  EXPECT_EQ(expanded("%{ir}.%{v}._spf.%{d2}"), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(expanded("%{lr-}.lp._spf.%{d2}"), "bad.strong.lp._spf.example.com");
  EXPECT_EQ(expanded("%{d2}.trusted-domains.example.net"), "example.com.trusted-domains.example.net");
  EXPECT_EQ(expanded("a%%b%_c%-d.example.com."), "a%b c%20d.example.com");
}

TEST(SpfMacro, ipv6_is_a_row_of_nibbles) {
  auto six = values();
  six.ip = net::IpAddress::parse("2001:db8::cb01").value();
  EXPECT_EQ(expand_domain_spec("%{ir}.%{v}._spf.%{d2}", six),
            "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com");
  EXPECT_EQ(expand_explanation("%{c}", six), "2001:db8::cb01");
}

TEST(SpfMacro, an_upper_case_letter_escapes_for_urls) {
  auto odd = values();
  odd.local_part = "~jack&jill=up-a_b3.c";
  EXPECT_EQ(expand_explanation("http://example.com/why?l=%{L}", odd),
            "http://example.com/why?l=~jack%26jill%3Dup-a_b3.c");
  EXPECT_EQ(expand_domain_spec("%{L}.example.com", odd), "~jack%26jill%3Dup-a_b3.c.example.com");
}

TEST(SpfMacro, some_letters_are_for_explanations) {
  EXPECT_EQ(explained("%{c} at %{r}, %{t}"), "192.0.2.3 at receiver.example.net, 1700000000");
  auto nobody = values();
  nobody.receiver = {};
  EXPECT_EQ(expand_explanation("%{r}", nobody), "unknown");
  EXPECT_FALSE(check_domain_spec("%{c}.example.com"));
  EXPECT_TRUE(check_macro_string("%{c}"));
}

TEST(SpfMacro, explanations_may_hold_blanks_and_must_be_well_formed) {
  EXPECT_EQ(explained("not  from here "), "not  from here ");
  EXPECT_EQ(explained(""), "");
  for (const auto* wrong : {"100% wrong", "%{z}", "tab\t", "\xC3\xA9", "%("})
    EXPECT_FALSE(check_explanation(wrong)) << wrong;
  EXPECT_FALSE(check_macro_string("two words"));
}

TEST(SpfMacro, an_explanation_is_printable_and_short_whatever_the_sender_is) {
  auto rude = values();
  rude.local_part = "a\r\n250 ok\xC3\xA9";
  EXPECT_EQ(expand_explanation("%{l}", rude), "a??250 ok??");
  std::string bomb;
  for (int i = 0; i < 10000; ++i) bomb += "%{s}";
  EXPECT_EQ(explained(bomb).size(), 500u);
}

TEST(SpfMacro, long_names_lose_labels_on_the_left) {
  const std::string label(60, 'x');
  const std::string name = label + "." + label + "." + label + "." + label;  // 243
  EXPECT_EQ(expanded("abcdefghi." + name), "abcdefghi." + name);             // 253
  EXPECT_EQ(expanded("abcdefghij." + name), name);
  EXPECT_EQ(expanded("ab.abcdefghij." + name + "."), name);
  EXPECT_EQ(expanded(std::string(300, 'x') + ".com"), "com");
  std::string bomb;
  for (int i = 0; i < 10000; ++i) bomb += "%{d}.";
  const auto cut = expanded(bomb + "example.com");
  EXPECT_LE(cut.size(), 253u);
  EXPECT_GE(cut.size(), 240u);
  EXPECT_TRUE(cut.ends_with(".email.example.com.example.com")) << cut;
}

TEST(SpfMacro, one_label_that_is_too_long_gives_no_name) {
  EXPECT_EQ(fitting(std::string(254, 'x')), "");
  EXPECT_FALSE(is_dns_name(""));
}

TEST(SpfMacro, which_letters_are_used_can_be_asked) {
  EXPECT_TRUE(uses_macro("%{i}.%{P}.example.com", 'p'));
  EXPECT_FALSE(uses_macro("p.%{d}", 'p'));
  EXPECT_TRUE(uses_only("%%.%{D2}.example.com", "d"));
  EXPECT_FALSE(uses_only("%{d}.%{i}", "d"));
  EXPECT_TRUE(uses_only("example.com", ""));
}

}  // namespace
}  // namespace postern::policy
