#include "policy/spf_check.hpp"

#include "spf_zone.hpp"

namespace postern::policy {
namespace {

using enum SpfResult;

class SpfCheckTest : public SpfZone {};

TEST_F(SpfCheckTest, first_match_decides_and_without_one_it_is_neutral) {
  EXPECT_EQ(result("v=spf1 ip4:192.0.2.0/24 -all"), pass);
  EXPECT_EQ(result("v=spf1 ?ip4:192.0.2.0/24 +all"), neutral);
  EXPECT_EQ(result("v=spf1 ip4:198.51.100.0/24 ~all"), softfail);
  EXPECT_EQ(result("v=spf1 ip4:198.51.100.0/24"), neutral);
  EXPECT_EQ(result("v=spf1"), neutral);
}

TEST_F(SpfCheckTest, no_record_no_name_and_no_answer_are_three_things) {
  EXPECT_EQ(result(), none);
  EXPECT_EQ(check().problem, "example.com does not exist");
  zone.txt("example.com", "something else");
  EXPECT_EQ(result(), none);
  EXPECT_EQ(check().problem, "example.com has no SPF record");
  for (const auto misbehave : {0, 1, 2}) {
    zone.clear();
    if (misbehave == 0) zone.timeout("example.com");
    if (misbehave == 1) zone.servfail("example.com");
    if (misbehave == 2) zone.garbage("example.com");
    const auto report = check();
    EXPECT_EQ(report.result, temperror);
    EXPECT_TRUE(report.problem.starts_with("TXT of example.com: ")) << report.problem;
  }
}

TEST_F(SpfCheckTest, what_is_no_domain_has_no_record_and_asks_nothing) {
  for (const auto& domain : {std::string(), std::string("localhost"), std::string("a..example.com"),
                             std::string("[192.0.2.1]"), std::string(64, 'x') + ".example.com",
                             std::string("b\xC3\xBC"
                                         "cher.example")}) {
    query.domain = domain;
    EXPECT_EQ(result(), none) << domain;
  }
  EXPECT_EQ(zone.queries(), 0u);
  query.domain = "example.com.";
  EXPECT_EQ(result("v=spf1 -all"), fail);
}

TEST_F(SpfCheckTest, two_records_are_an_error_and_other_texts_are_none_of_ours) {
  zone.txt("example.com", "\x96 something else");
  zone.txt("example.com", "");
  zone.txt("example.com", "v=spf10 +all");
  zone.txt("example.com", "v=spf1 -all");
  EXPECT_EQ(result(), fail);
  zone.txt("example.com", "V=SPF1 -all");
  EXPECT_EQ(result(), permerror);
  EXPECT_EQ(check().problem, "example.com has 2 SPF records, one is allowed");
}

TEST_F(SpfCheckTest, an_error_behind_a_match_counts) {
  EXPECT_EQ(result("v=spf1 ip4:192.0.2.1 moo -all"), permerror);
  EXPECT_EQ(check().problem, "record of example.com: moo: no such mechanism");
}

TEST_F(SpfCheckTest, an_ipv4_client_is_one_however_it_is_written) {
  client("::ffff:192.0.2.1");
  EXPECT_EQ(result("v=spf1 ip4:192.0.2.1 -all"), pass);
  EXPECT_EQ(result("v=spf1 ip6:::ffff:192.0.2.1 ip6:::/0 -all"), fail);
  EXPECT_EQ(result("v=spf1 ip4:0.0.0.0/0 -all"), pass);
  client("2001:db8::1");
  EXPECT_EQ(result("v=spf1 ip4:0.0.0.0/0 -all"), fail);
  EXPECT_EQ(result("v=spf1 ip6:2001:db8::ffff/112 -all"), pass);
}

TEST_F(SpfCheckTest, redirect_counts_only_where_nothing_matched) {
  zone.txt("next.example.com", "v=spf1 -all");
  zone.txt("example.com", "v=spf1 redirect=next.example.com ip4:192.0.2.1");
  EXPECT_EQ(result(), pass);
  client("198.51.100.1");
  EXPECT_EQ(result(), fail);
  zone.txt("all.example.com", "v=spf1 redirect=next.example.com ?all");
  query.domain = "all.example.com";
  EXPECT_EQ(result(), neutral);
}

TEST_F(SpfCheckTest, redirect_to_nothing_is_an_error) {
  EXPECT_EQ(result("v=spf1 redirect=nowhere.example.com"), permerror);
  EXPECT_EQ(check().problem,
            "record of example.com: redirect=nowhere.example.com: nowhere.example.com does not exist");
  query.helo = "a..b";
  EXPECT_EQ(result("v=spf1 redirect=%{h}"), permerror);
}

TEST_F(SpfCheckTest, the_innermost_cause_is_named) {
  zone.txt("example.com", "v=spf1 include:a.example.com -all");
  zone.txt("a.example.com", "v=spf1 include:b.example.com -all");
  zone.txt("b.example.com", "v=spf1 a:host.example.com -all");
  zone.servfail("host.example.com");
  EXPECT_EQ(result(), temperror);
  EXPECT_EQ(check().problem, "record of b.example.com: a:host.example.com: A of host.example.com: SERVFAIL");
}

TEST_F(SpfCheckTest, ten_lookups_are_allowed_and_eleven_are_not) {
  zone.a("example.com", "198.51.100.1");
  std::string ten = "v=spf1";
  for (int i = 0; i < 10; ++i) ten += " a";
  zone.txt("example.com", ten + " ip4:192.0.2.1 -all");
  auto report = check();
  EXPECT_EQ(report.result, pass);
  EXPECT_EQ(report.lookups, 10);
  zone.clear();
  zone.a("example.com", "198.51.100.1");
  zone.txt("example.com", ten + " ip4:198.51.100.0/24 redirect=example.com");
  report = check();
  EXPECT_EQ(report.result, permerror);
  EXPECT_EQ(report.lookups, 11);
  EXPECT_EQ(report.problem, "record of example.com: redirect=example.com: more than 10 look-ups");
}

TEST_F(SpfCheckTest, two_voids_are_allowed_and_three_are_not) {
  zone.exists("no-data.example.com");
  zone.txt("example.com",
           "v=spf1 a:nx.example.com a:no-data.example.com ip4:192.0.2.1 mx:nx.example.com -all");
  EXPECT_EQ(result(), pass);
  client("198.51.100.1");
  const auto report = check();
  EXPECT_EQ(report.result, permerror);
  EXPECT_EQ(report.void_lookups, 3);
  EXPECT_TRUE(report.problem.ends_with("mx:nx.example.com: more than 2 look-ups that find nothing"));
  options.max_void_lookups = 3;
  EXPECT_EQ(result(), fail);
}

TEST_F(SpfCheckTest, loops_end) {
  zone.txt("example.com", "v=spf1 include:other.example.com -all");
  zone.txt("other.example.com", "v=spf1 include:example.com -all");
  EXPECT_EQ(result(), permerror);
  EXPECT_LE(zone.queries(), 11u);
  options.max_lookups = 1'000'000;
  zone.forget_queries();
  EXPECT_EQ(result(), permerror);
  EXPECT_LE(zone.queries(), 32u);
  EXPECT_EQ(result("v=spf1 redirect=example.com"), permerror);
}

TEST_F(SpfCheckTest, an_include_bomb_costs_eleven_questions) {
  std::string bomb = "v=spf1";
  for (int i = 0; i < 2000; ++i) bomb += " include:%{d10r}.example.com include:example.com";
  zone.txt("example.com", bomb);
  EXPECT_EQ(result(), permerror);
  EXPECT_LE(zone.queries(), 11u);
}

TEST_F(SpfCheckTest, a_full_size_record_is_evaluated) {
  std::string record = "v=spf1";
  while (record.size() < 64000) record += " ip4:198.51.100.7";
  EXPECT_EQ(result(record + " ip4:192.0.2.1 -all"), pass);
  EXPECT_EQ(check().record.size(), record.size() + 19);
}

TEST_F(SpfCheckTest, explanation_is_the_one_of_the_record_that_failed) {
  zone.txt("why.example.com", "%{i} is none of %{d}");
  zone.txt("other-why.example.com", "other");
  zone.txt("inner.example.com", "v=spf1 -all exp=other-why.example.com");
  zone.txt("example.com", "v=spf1 include:inner.example.com -all exp=why.example.com");
  EXPECT_EQ(check().explanation, "192.0.2.1 is none of example.com");
  zone.txt("redirects.example.com", "v=spf1 redirect=inner.example.com exp=why.example.com");
  query.domain = "redirects.example.com";
  EXPECT_EQ(check().explanation, "other");
  options.explain = false;
  EXPECT_EQ(check().explanation, "");
}

TEST_F(SpfCheckTest, an_explanation_that_goes_wrong_changes_nothing) {
  zone.txt("two.example.com", "one");
  zone.txt("two.example.com", "two");
  zone.txt("broken.example.com", "100% broken");
  zone.servfail("servfail.example.com");
  for (const auto* name : {"nowhere.example.com", "two.example.com", "broken.example.com",
                           "servfail.example.com", "a..example.com"}) {
    zone.txt(std::string("for.") + name, std::string("v=spf1 -all exp=") + name);
    query.domain = std::string("for.") + name;
    if (query.domain == "for.a..example.com") continue;  // no owner
    EXPECT_EQ(check().result, fail) << name;
    EXPECT_EQ(check().explanation, "") << name;
    EXPECT_EQ(check().problem, "") << name;
  }
}

TEST_F(SpfCheckTest, other_results_than_fail_fetch_no_explanation) {
  zone.txt("example.com", "v=spf1 ~all exp=why.example.com");
  zone.txt("why.example.com", "because");
  EXPECT_EQ(check().explanation, "");
  EXPECT_EQ(zone.queries("why.example.com"), 0u);
}

TEST_F(SpfCheckTest, a_sender_without_local_part_is_postmaster) {
  zone.txt("example.com", "v=spf1 -all exp=why.example.com");
  zone.txt("why.example.com", "%{s}");
  for (const auto& [sender, expected] : {std::pair{"@example.org", "postmaster@example.org"},
                                         {"example.org", "postmaster@example.org"},
                                         {"", "postmaster@example.com"},
                                         {"\"a@b\"@example.org", "\"a@b\"@example.org"}}) {
    query.sender = sender;
    EXPECT_EQ(check().explanation, expected) << sender;
  }
}

TEST_F(SpfCheckTest, it_holds_until_the_first_answer_expires) {
  using std::chrono::seconds;
  const auto at = [](int s) { return base::SteadyTime(seconds(s)); };
  zone.txt("example.com", "v=spf1 include:inner.example.com a:nowhere.example.com a:host.example.com -all");
  zone.expires("example.com", at(100));
  zone.txt("inner.example.com", "v=spf1 ?all");
  zone.expires("inner.example.com", at(90));
  EXPECT_EQ(check().expires, at(90));
  zone.exists("nowhere.example.com");
  zone.expires("nowhere.example.com", at(80));
  EXPECT_EQ(check().expires, at(80));
  zone.a("host.example.com", "192.0.2.1");
  zone.expires("host.example.com", at(70));
  EXPECT_EQ(check().expires, at(70));
  query.domain = "localhost";
  EXPECT_EQ(check().expires, base::SteadyTime::max());
}

TEST_F(SpfCheckTest, terms_are_kept_when_asked_for) {
  zone.txt("example.com", "v=spf1 a:nowhere.example.com include:inner.example.com -ip4:192.0.2.0/28 -all");
  zone.txt("inner.example.com", "v=spf1 ip4:198.51.100.0/24 redirect=last.example.com");
  zone.txt("last.example.com", "v=spf1 ?all");
  EXPECT_TRUE(check().terms.empty());
  options.keep_terms = true;
  const auto report = check();
  std::string seen;
  for (const auto& term : report.terms)
    seen += std::to_string(term.depth) + " " + term.domain + " " + term.text +
            (term.match ? " match " : " - ") + std::string(to_string(term.result)) + " " +
            std::to_string(term.lookups) + "/" + std::to_string(term.void_lookups) + " " + term.note + "\n";
  EXPECT_EQ(seen,
            "0 example.com a:nowhere.example.com - pass 1/1 nowhere.example.com: NXDOMAIN\n"
            "0 example.com include:inner.example.com - neutral 2/1 neutral\n"
            "1 inner.example.com ip4:198.51.100.0/24 - pass 2/1 \n"
            "1 inner.example.com redirect=last.example.com match neutral 3/1 neutral\n"
            "2 last.example.com ?all match neutral 3/1 \n"
            "0 example.com -ip4:192.0.2.0/28 match fail 3/1 192.0.2.0/28 contains 192.0.2.1\n");
}

TEST_F(SpfCheckTest, the_term_of_an_error_says_why) {
  options.keep_terms = true;
  zone.txt("example.com", "v=spf1 include:nowhere.example.com -all");
  const auto report = check();
  ASSERT_EQ(report.terms.size(), 1u);
  EXPECT_EQ(report.terms[0].result, none);
  EXPECT_EQ(report.terms[0].note, "nowhere.example.com does not exist");
  EXPECT_EQ(report.lookups, 1);
}

}  // namespace
}  // namespace postern::policy
