#include "policy/spf_record.hpp"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

std::string error_of(std::string_view record) {
  const auto parsed = parse_spf_record(record);
  return parsed ? "" : parsed.error().message;
}

SpfDirective only(std::string_view record) {
  const auto parsed = parse_spf_record(record);
  EXPECT_TRUE(parsed) << record << ": " << error_of(record);
  if (!parsed || parsed->directives.size() != 1) return {};
  return parsed->directives.front();
}

TEST(SpfRecord, version_is_a_word_of_its_own_in_any_case) {
  EXPECT_TRUE(is_spf_record("v=spf1"));
  EXPECT_TRUE(is_spf_record("V=sPf1 -all"));
  for (const auto* other :
       {"", "v=spf", "v=spf10 -all", "v=spf1-all", " v=spf1", "v=spf1\t-all", "spf2.0/pra"})
    EXPECT_FALSE(is_spf_record(other)) << other;
}

TEST(SpfRecord, blanks_separate_and_may_trail) {
  const auto parsed = parse_spf_record("v=spf1   a  mx -all  ");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->directives.size(), 3u);
  EXPECT_TRUE(parse_spf_record("v=spf1").value().directives.empty());
}

TEST(SpfRecord, qualifiers_say_what_a_match_gives) {
  EXPECT_EQ(only("v=spf1 all").result, SpfResult::pass);
  EXPECT_EQ(only("v=spf1 +all").result, SpfResult::pass);
  EXPECT_EQ(only("v=spf1 -all").result, SpfResult::fail);
  EXPECT_EQ(only("v=spf1 ~all").result, SpfResult::softfail);
  EXPECT_EQ(only("v=spf1 ?all").result, SpfResult::neutral);
  EXPECT_NE(error_of("v=spf1 +-all"), "");
}

TEST(SpfRecord, names_of_mechanisms_and_modifiers_have_no_case) {
  EXPECT_EQ(only("v=spf1 InClude:example.com").mechanism, SpfMechanism::include);
  EXPECT_EQ(only("v=spf1 IP4:192.0.2.1").mechanism, SpfMechanism::ip4);
  EXPECT_EQ(parse_spf_record("v=spf1 REDIRECT=example.com").value().redirect.domain_spec, "example.com");
  EXPECT_NE(error_of("v=spf1 redirect=a.example.com Redirect=b.example.com"), "");
}

TEST(SpfRecord, an_address_may_have_two_prefix_lengths) {
  const auto both = only("v=spf1 a:host.example.com/24//64");
  EXPECT_EQ(both.domain_spec, "host.example.com");
  EXPECT_EQ(both.prefix4, 24);
  EXPECT_EQ(both.prefix6, 64);
  EXPECT_EQ(only("v=spf1 mx/0").prefix4, 0);
  EXPECT_EQ(only("v=spf1 mx//0").prefix6, 0);
  EXPECT_EQ(only("v=spf1 a//128").prefix4, 32);
  EXPECT_EQ(only("v=spf1 a:%{d}/8").domain_spec, "%{d}");
  EXPECT_EQ(only("v=spf1 a:a/b.%{d/}.example.com/8").domain_spec, "a/b.%{d/}.example.com");
}

TEST(SpfRecord, networks_are_masked_by_their_prefix) {
  const auto four = only("v=spf1 ip4:192.0.2.200/25");
  EXPECT_EQ(network_of(four.address, four).address.to_string(), "192.0.2.128");
  EXPECT_EQ(network_of(four.address, four).prefix, 96 + 25);
  const auto everything = only("v=spf1 ip4:192.0.2.200/0");
  EXPECT_EQ(network_of(everything.address, everything).address.to_string(), "0.0.0.0");
  const auto six = only("v=spf1 ip6:2001:db8:ffff::1/33");
  EXPECT_EQ(network_of(six.address, six).address.to_string(), "2001:db8:8000::");
  const auto mapped = only("v=spf1 ip6:::ffff:192.0.2.1/96");
  EXPECT_EQ(network_of(mapped.address, mapped).prefix, 96);
}

TEST(SpfRecord, unknown_modifiers_are_passed_over) {
  const auto parsed = parse_spf_record("v=spf1 moo=%{d} x-y_z.1=a:b/c default=pass v=spf1 -all");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->directives.size(), 1u);
  for (const auto* record : {"v=spf1 moo= moo=", "v=spf1 ALL=", "v=spf1 include=", "v=spf1 ip4=192.0.2.1"})
    EXPECT_TRUE(parse_spf_record(record).has_value()) << record;
}

TEST(SpfRecord, modifiers_may_stand_anywhere) {
  const auto parsed = parse_spf_record("v=spf1 exp=why.example.com redirect=next.example.com a");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->exp.text, "exp=why.example.com");
  EXPECT_EQ(parsed->redirect.text, "redirect=next.example.com");
  EXPECT_EQ(parsed->directives.size(), 1u);
}

class SpfRecordErrors : public testing::TestWithParam<const char*> {};

TEST_P(SpfRecordErrors, name_the_term) {
  const std::string term = GetParam();
  const auto error = error_of("v=spf1 mx " + term + " -all");
  ASSERT_NE(error, "") << term;
  EXPECT_TRUE(error.starts_with(term)) << error;
  EXPECT_EQ(check_spf_record("v=spf1 mx " + term + " -all").error().message, error);
}

INSTANTIATE_TEST_SUITE_P(Terms, SpfRecordErrors,
                         testing::Values("foo", "ip4", "ip:192.0.2.1", "-", "=x", "1x=y",
                                         "+redirect=a.example", "all:example.com", "all/8", "all.", "include",
                                         "include:", "include/24", "include:example", "exists",
                                         "exists:", "ptr:", "ptr/24", "ptr:example.com/24",
                                         "redirect=", "exp=", "exp=example", "redirect=example.com/24"));
INSTANTIATE_TEST_SUITE_P(Networks, SpfRecordErrors,
                         testing::Values("ip4:", "ip4:192.0.2", "ip4:192.0.2.1/", "ip4:192.0.2.1/33",
                                         "ip4:192.0.2.1/08", "ip4:192.0.2.1//24", "ip4:192.0.2.01",
                                         "ip4:192.0.2.256", "ip4:192.0.2.1:25", "ip4:2001:db8::1",
                                         "ip6:192.0.2.1", "ip6:2001:db8::1/129", "ip6:2001:db8::1/",
                                         "ip6:[2001:db8::1]", "ip6:2001:db8::1//64", "ip6:2001:db8:::1",
                                         "ip4/24", "ip4:[192.0.2.1]"));
INSTANTIATE_TEST_SUITE_P(Domains, SpfRecordErrors,
                         testing::Values("a:", "a/33", "a/", "a//129", "a/24/64", "a//64/24", "a/024", "a/+8",
                                         "a/1234", "a:example.com/", "a:example.com//", "a:example.com:25",
                                         "a:192.0.2.1", "a:example.-com", "a:example.com-", "a:example.c_m",
                                         "a:example.com..", "mx:museum", "mx:museum.", "a:%{d}x", "a:%{d",
                                         "a:%d", "a:%", "a:%{}", "a:%{x}", "a:%{d0}", "a:%{d2,r}", "a:%{d!}",
                                         "a:%{c}", "a:%{r}", "a:%{t}", "moo=%x", "moo=%{y}"));

TEST(SpfRecord, octets_that_are_no_printable_ascii_are_an_error_wherever_they_are) {
  for (const std::string term : {"a:\xEF\xBB\xBFgarbage.example.net",
                                 "\x96"
                                 "all",
                                 "a\tmx", "ip4:192.0.2.5\n", "moo=\x80", "a:ctrl\x7F.example.com", "\rptr"})
    EXPECT_FALSE(check_spf_record("v=spf1 " + term + " -all")) << term;
  EXPECT_FALSE(check_spf_record(std::string("v=spf1 a\0 -all", 14)));
}

TEST(SpfRecord, messages_stay_short_and_printable) {
  const auto error = error_of("v=spf1 \x80" + std::string(60000, 'x'));
  EXPECT_LT(error.size(), 200u);
  EXPECT_TRUE(error.starts_with("?xxx")) << error;
}

TEST(SpfRecord, sixty_four_kib_are_read) {
  std::string record = "v=spf1";
  while (record.size() < 65000) record += " ip4:192.0.2.1";
  EXPECT_EQ(parse_spf_record(record).value().directives.size(), (record.size() - 6) / 14);
}

TEST(SpfRecord, check_wants_a_record) {
  EXPECT_TRUE(check_spf_record("v=spf1 include:amazonses.com ~all"));
  EXPECT_FALSE(check_spf_record("spf1 -all"));
  EXPECT_FALSE(check_spf_record(""));
}

}  // namespace
}  // namespace postern::policy
