#include <algorithm>

#include "spf_zone.hpp"

namespace postern::policy {
namespace {

using enum SpfResult;
using Strings = std::vector<std::string>;

class SpfSurveyTest : public SpfZone {
 protected:
  static Strings networks(const SpfSurvey& survey) {
    Strings out;
    for (const auto& network : survey.networks) {
      const int bits = network.address.is_v4() ? network.prefix - 96 : network.prefix;
      out.push_back(network.address.to_string() + "/" + std::to_string(bits));
    }
    return out;
  }
};

TEST_F(SpfSurveyTest, lists_what_passes_in_order_and_looks_names_up) {
  zone.txt("example.com",
           "v=spf1 ip4:192.0.2.77/24 a:host.example.com/31 mx ip6:2001:db8::/32 -ip4:203.0.113.1 ~all");
  zone.a("host.example.com", "198.51.100.1");
  zone.a("host.example.com", "2001:db8:1::1");
  zone.mx("example.com", 10, "mx.example.com");
  zone.a("mx.example.com", "198.51.100.9");
  const auto out = survey();
  EXPECT_EQ(out.state, pass);
  EXPECT_EQ(out.all, "~");
  EXPECT_EQ(out.lookups, 2);
  EXPECT_EQ(out.void_lookups, 0);
  EXPECT_EQ(networks(out), (Strings{"192.0.2.0/24", "198.51.100.0/31", "2001:db8:1::1/128", "198.51.100.9/32",
                                    "2001:db8::/32"}));
}

TEST_F(SpfSurveyTest, includes_and_redirects_are_followed_and_named_once) {
  zone.txt("example.com",
           "v=spf1 include:amazonses.com ?include:neutral.example.com include:AMAZONSES.com "
           "redirect=next.example.com");
  zone.txt("amazonses.com", "v=spf1 ip4:192.0.2.0/24 ~ip4:198.51.100.0/24 -all");
  zone.txt("neutral.example.com", "v=spf1 ip4:203.0.113.0/24");
  zone.txt("next.example.com", "v=spf1 ip4:203.0.113.9 -all");
  const auto out = survey();
  EXPECT_EQ(out.state, pass) << out.problem;
  EXPECT_EQ(out.all, "-");
  EXPECT_EQ(out.lookups, 4);
  EXPECT_EQ(out.included, (Strings{"amazonses.com", "neutral.example.com", "next.example.com"}));
  EXPECT_EQ(networks(out), (Strings{"192.0.2.0/24", "192.0.2.0/24", "203.0.113.9/32"}));
  EXPECT_EQ(out.records.size(), 1u);
}

TEST_F(SpfSurveyTest, nothing_behind_all_is_reached) {
  zone.txt("example.com", "v=spf1 ip4:192.0.2.1 +all a redirect=nowhere.example.com");
  const auto out = survey();
  EXPECT_EQ(out.all, "+");
  EXPECT_EQ(out.lookups, 0);
  EXPECT_EQ(zone.queries(), 1u);
}

TEST_F(SpfSurveyTest, an_include_that_passes_everybody_is_an_all) {
  zone.txt("example.com", "v=spf1 ?include:careless.example.com -all");
  zone.txt("careless.example.com", "v=spf1 redirect=more.example.com");
  zone.txt("more.example.com", "v=spf1 +all");
  EXPECT_EQ(survey().all, "?");
  EXPECT_EQ(survey().state, pass);
}

TEST_F(SpfSurveyTest, the_state_tells_missing_broken_and_unreachable_apart) {
  EXPECT_EQ(survey().state, none);
  zone.txt("example.com", "v=spf1 moo -all");
  EXPECT_EQ(survey().state, permerror);
  EXPECT_EQ(survey().problem, "record of example.com: moo: no such mechanism");
  zone.txt("example.com", "v=spf1 -all");
  auto out = survey();
  EXPECT_EQ(out.state, permerror);
  EXPECT_EQ(out.records, (Strings{"v=spf1 moo -all", "v=spf1 -all"}));
  zone.clear();
  zone.servfail("example.com");
  out = survey();
  EXPECT_EQ(out.state, temperror);
  EXPECT_EQ(out.problem, "TXT of example.com: SERVFAIL");
}

TEST_F(SpfSurveyTest, goes_on_behind_the_limit_and_says_which_term_was_too_many) {
  std::string record = "v=spf1";
  for (int i = 0; i < 14; ++i) record += " a:h" + std::to_string(i) + ".example.com";
  for (int i = 0; i < 14; ++i)
    zone.a("h" + std::to_string(i) + ".example.com", "192.0.2." + std::to_string(i));
  zone.txt("example.com", record + " -all");
  const auto out = survey();
  EXPECT_EQ(out.state, permerror);
  EXPECT_EQ(out.lookups, 14);
  EXPECT_EQ(out.networks.size(), 14u);
  EXPECT_EQ(out.all, "-");
  EXPECT_EQ(out.problem, "record of example.com: a:h10.example.com: look-up 11, 10 are allowed");
}

TEST_F(SpfSurveyTest, a_name_with_an_address_of_one_family_is_not_void) {
  zone.txt("example.com",
           "v=spf1 a:four.example.com a:none.example.com mx:none.example.com mx:host.example.com -all");
  zone.a("four.example.com", "192.0.2.1");
  auto out = survey();
  EXPECT_EQ(out.void_lookups, 3);
  EXPECT_EQ(out.state, permerror);
  EXPECT_EQ(out.problem,
            "record of example.com: mx:host.example.com: look-up 3 that finds nothing, 2 are allowed");
  zone.mx("host.example.com", 10, "four.example.com");
  out = survey();
  EXPECT_EQ(out.void_lookups, 2);
  EXPECT_EQ(out.state, pass);
}

TEST_F(SpfSurveyTest, what_depends_on_the_client_is_named) {
  zone.txt("example.com",
           "v=spf1 ptr exists:%{i}.example.com a:%{h} include:%{l}.example.com include:_spf.%{d2} "
           "redirect=%{i}.example.com");
  zone.txt("_spf.example.com", "v=spf1 ip4:192.0.2.1");
  const auto out = survey();
  EXPECT_EQ(out.unknown_terms, (Strings{"ptr", "exists:%{i}.example.com", "a:%{h}",
                                        "include:%{l}.example.com", "redirect=%{i}.example.com"}));
  EXPECT_EQ(out.lookups, 6);
  EXPECT_EQ(out.included, Strings{"_spf.example.com"});
  EXPECT_EQ(networks(out), Strings{"192.0.2.1/32"});
  EXPECT_EQ(out.all, "");
  EXPECT_EQ(out.state, pass);
}

TEST_F(SpfSurveyTest, loops_are_named_and_a_repeated_include_is_none) {
  zone.txt("example.com", "v=spf1 include:a.example.com -all");
  zone.txt("a.example.com", "v=spf1 include:b.example.com -all");
  zone.txt("b.example.com", "v=spf1 include:Example.com -all");
  const auto out = survey();
  EXPECT_EQ(out.state, permerror);
  EXPECT_EQ(out.problem, "record of b.example.com: include:Example.com: a loop");
  EXPECT_EQ(zone.queries(), 3u);
}

TEST_F(SpfSurveyTest, an_include_of_nothing_is_an_error_before_a_dns_failure_is) {
  zone.txt("example.com", "v=spf1 include:broken.example.com include:nowhere.example.com -all");
  zone.timeout("broken.example.com");
  auto out = survey();
  EXPECT_EQ(out.state, permerror);
  EXPECT_EQ(out.problem,
            "record of example.com: include:nowhere.example.com: nowhere.example.com does not exist");
  zone.txt("nowhere.example.com", "v=spf1 -all");
  out = survey();
  EXPECT_EQ(out.state, temperror);
  EXPECT_TRUE(out.problem.starts_with("record of example.com: include:broken.example.com: TXT of "))
      << out.problem;
}

TEST_F(SpfSurveyTest, a_bomb_is_walked_so_far_and_no_farther) {
  std::string record = "v=spf1";
  for (int i = 0; i < 20; ++i) record += " include:%{d5}.n" + std::to_string(i) + ".example.com";
  zone.txt("example.com", record);
  for (int i = 0; i < 20; ++i) {
    std::string inner = "v=spf1";
    for (int j = 0; j < 20; ++j) inner += " mx:m.example.com";
    zone.txt("example.com.n" + std::to_string(i) + ".example.com", inner);
  }
  for (int i = 0; i < 10; ++i) zone.mx("m.example.com", 10, "host.example.com");
  zone.a("host.example.com", "192.0.2.1");
  const auto out = survey();
  EXPECT_EQ(out.state, permerror);
  EXPECT_TRUE(out.truncated);
  EXPECT_EQ(out.lookups, 100);
  EXPECT_LE(zone.queries(), 100u * 21);
}

TEST_F(SpfSurveyTest, a_dns_that_does_not_answer_is_not_asked_for_ever) {
  std::string record = "v=spf1";
  for (int i = 0; i < 50; ++i) record += " mx:m" + std::to_string(i) + ".example.com";
  zone.txt("example.com", record + " -all");
  for (int i = 0; i < 50; ++i) zone.timeout("m" + std::to_string(i) + ".example.com");
  const auto out = survey();
  EXPECT_EQ(out.state, temperror);
  EXPECT_TRUE(out.truncated);
  EXPECT_EQ(zone.queries(), 4u);
}

TEST_F(SpfSurveyTest, so_many_networks_are_enough) {
  std::string record = "v=spf1";
  for (int i = 0; i < 10001; ++i) record += " ip4:192.0.2.1";
  zone.txt("example.com", record);
  const auto out = survey();
  EXPECT_EQ(out.networks.size(), 10000u);
  EXPECT_TRUE(out.truncated);
}

TEST_F(SpfSurveyTest, an_ipv4_network_written_as_ip6_holds_nobody) {
  zone.txt("example.com", "v=spf1 ip6:::ffff:192.0.2.0/120 -all");
  EXPECT_TRUE(survey().networks.empty());
}

TEST_F(SpfSurveyTest, it_holds_until_the_first_answer_expires) {
  zone.txt("example.com", "v=spf1 a -all");
  zone.a("example.com", "192.0.2.1");
  EXPECT_EQ(survey().expires, base::SteadyTime::max());
  zone.expires("example.com", base::SteadyTime(std::chrono::seconds(7)));
  EXPECT_EQ(survey().expires, base::SteadyTime(std::chrono::seconds(7)));
}

}  // namespace
}  // namespace postern::policy
