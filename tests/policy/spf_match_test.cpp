// The mechanisms, one by one.
#include "spf_zone.hpp"

namespace postern::policy {
namespace {

using enum SpfResult;

class SpfMatch : public SpfZone {};

TEST_F(SpfMatch, include_passes_on_what_the_table_of_the_rfc_says) {
  zone.txt("pass.example.com", "v=spf1 +all");
  zone.txt("fail.example.com", "v=spf1 -all");
  zone.txt("softfail.example.com", "v=spf1 ~all");
  zone.txt("neutral.example.com", "v=spf1 ?all");
  zone.timeout("temperror.example.com");
  zone.txt("permerror.example.com", "v=spf1 moo");
  for (const auto& [inner, expected] : {std::pair{"pass", fail},
                                        {"fail", softfail},
                                        {"softfail", softfail},
                                        {"neutral", softfail},
                                        {"temperror", temperror},
                                        {"permerror", permerror},
                                        {"nowhere", permerror}}) {
    query.domain = std::string("outer-") + inner + ".example.com";
    zone.txt(query.domain, std::string("v=spf1 -include:") + inner + ".example.com ~all");
    EXPECT_EQ(result(), expected) << inner;
  }
}

TEST_F(SpfMatch, a_asks_for_the_family_of_the_client) {
  zone.txt("example.com", "v=spf1 a -all");
  zone.a("example.com", "192.0.2.1");
  zone.a("example.com", "2001:db8::1");
  EXPECT_EQ(result(), pass);
  EXPECT_EQ(zone.asked().back(), (support::FakeResolver::Question{"example.com", net::DnsType::a}));
  client("2001:db8::1");
  EXPECT_EQ(result(), pass);
  EXPECT_EQ(zone.asked().back(), (support::FakeResolver::Question{"example.com", net::DnsType::aaaa}));
}

TEST_F(SpfMatch, each_family_has_its_prefix_length) {
  zone.txt("example.com", "v=spf1 a:host.example.com/24//64 -all");
  zone.a("host.example.com", "192.0.2.200");
  zone.a("host.example.com", "2001:db8::1");
  EXPECT_EQ(result(), pass);
  client("192.0.3.1");
  EXPECT_EQ(result(), fail);
  client("2001:db8::ffff:1");
  EXPECT_EQ(result(), pass);
  client("2001:db8:0:1::1");
  EXPECT_EQ(result(), fail);
}

TEST_F(SpfMatch, prefix_length_zero_takes_everybody_of_the_family_if_there_is_an_address) {
  zone.txt("example.com", "v=spf1 a/0 -all");
  EXPECT_EQ(result(), fail);
  zone.a("example.com", "203.0.113.1");
  EXPECT_EQ(result(), pass);
  client("2001:db8::1");
  EXPECT_EQ(result(), fail);
}

TEST_F(SpfMatch, an_address_record_may_be_behind_an_alias) {
  zone.txt("example.com", "v=spf1 a:alias.example.com -all");
  zone.cname("alias.example.com", "host.example.net");
  zone.a("host.example.net", "192.0.2.1");
  EXPECT_EQ(result(), pass);
  zone.cname("loop.example.com", "loop.example.com");
  zone.txt("loops.example.com", "v=spf1 a:loop.example.com -all");
  query.domain = "loops.example.com";
  EXPECT_EQ(result(), temperror);
}

TEST_F(SpfMatch, a_name_that_dns_cannot_carry_matches_nobody_and_is_not_asked_for) {
  query.helo = std::string(64, 'x');
  for (const auto* term : {"a:%{h}.example.com", "mx:%{h}.example.com", "exists:%{h}.example.com"}) {
    EXPECT_EQ(result(std::string("v=spf1 ") + term + " ?all"), neutral) << term;
    EXPECT_EQ(check().void_lookups, 0) << term;
  }
  EXPECT_EQ(zone.queries(), 6u);  // for the records
}

TEST_F(SpfMatch, mx_goes_by_the_addresses_of_the_exchangers) {
  zone.txt("example.com", "v=spf1 mx/30 -all");
  zone.mx("example.com", 10, "a.example.com");
  zone.mx("example.com", 20, "b.example.com");
  zone.a("a.example.com", "198.51.100.1");
  zone.a("b.example.com", "192.0.2.2");
  const auto report = check();
  EXPECT_EQ(report.result, pass);
  EXPECT_EQ(report.lookups, 1);
  client("192.0.2.4");
  EXPECT_EQ(result(), fail);
}

TEST_F(SpfMatch, ten_exchangers_are_allowed_and_eleven_are_not_whatever_their_order) {
  zone.txt("example.com", "v=spf1 mx ?all");
  for (int i = 0; i < 10; ++i) zone.mx("example.com", 10, "host.example.com");
  zone.a("host.example.com", "198.51.100.1");
  EXPECT_EQ(result(), neutral);
  zone.mx("example.com", 1, "first.example.com");
  zone.a("first.example.com", "192.0.2.1");
  EXPECT_EQ(result(), permerror);
  EXPECT_EQ(check().problem, "record of example.com: mx: example.com has 11 MX records, 10 are allowed");
}

TEST_F(SpfMatch, exchangers_without_address_are_void_and_the_null_mx_is_nobody) {
  zone.txt("example.com", "v=spf1 mx ?all");
  zone.mx("example.com", 0, "");
  EXPECT_EQ(result(), neutral);
  EXPECT_EQ(check().void_lookups, 0);
  zone.mx("example.com", 10, "a.example.com");
  zone.mx("example.com", 10, "b.example.com");
  EXPECT_EQ(result(), neutral);
  EXPECT_EQ(check().void_lookups, 2);
  zone.mx("example.com", 10, "c.example.com");
  EXPECT_EQ(result(), permerror);
}

TEST_F(SpfMatch, an_exchanger_that_cannot_be_asked_for_is_a_temporary_error) {
  zone.txt("example.com", "v=spf1 mx -all");
  zone.mx("example.com", 10, "a.example.com");
  zone.timeout("a.example.com");
  EXPECT_EQ(result(), temperror);
}

TEST_F(SpfMatch, ptr_believes_only_names_that_lead_back) {
  zone.txt("example.com", "v=spf1 ptr -all");
  zone.ptr("192.0.2.1", "mail.example.com");
  zone.a("mail.example.com", "198.51.100.1");
  EXPECT_EQ(result(), fail);
  zone.a("mail.example.com", "192.0.2.1");
  EXPECT_EQ(result(), pass);
  zone.txt("other.example.com", "v=spf1 ptr -all");
  query.domain = "other.example.com";
  EXPECT_EQ(result(), fail);
}

TEST_F(SpfMatch, ptr_looks_at_ten_names_and_skips_what_goes_wrong) {
  zone.txt("example.com", "v=spf1 ptr ?all");
  for (int i = 0; i < 9; ++i) zone.ptr("192.0.2.1", "n" + std::to_string(i) + ".example.net");
  zone.servfail("n0.example.net");
  zone.ptr("192.0.2.1", "mail.example.com");
  zone.ptr("192.0.2.1", "late.example.org");
  zone.a("mail.example.com", "192.0.2.1");
  zone.a("late.example.org", "192.0.2.1");
  EXPECT_EQ(result(), pass);
  zone.txt("example.org", "v=spf1 ptr ?all");
  query.domain = "example.org";
  const auto report = check();
  EXPECT_EQ(report.result, neutral);
  EXPECT_EQ(report.void_lookups, 0);
  EXPECT_EQ(zone.queries("late.example.org"), 0u);
}

TEST_F(SpfMatch, a_client_without_name_is_void_and_one_whose_dns_is_broken_matches_nothing) {
  zone.txt("example.com", "v=spf1 ptr ?all");
  EXPECT_EQ(result(), neutral);
  EXPECT_EQ(check().void_lookups, 1);
  zone.timeout("1.2.0.192.in-addr.arpa");
  EXPECT_EQ(result(), neutral);
  EXPECT_EQ(check().void_lookups, 0);
}

TEST_F(SpfMatch, ipv6_clients_have_names_too) {
  client("2001:db8::1");
  zone.txt("example.com", "v=spf1 ptr -all");
  zone.ptr("2001:db8::1", "mail.example.com.");
  zone.a("mail.example.com", "2001:db8::1");
  EXPECT_EQ(result(), pass);
}

TEST_F(SpfMatch, exists_asks_for_an_ipv4_address_whatever_the_client) {
  client("2001:db8::1");
  zone.txt("example.com", "v=spf1 exists:%{ir}.%{v}.list.example.com -all");
  const std::string name =
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.list.example.com";
  zone.a(name, "2001:db8::1");
  EXPECT_EQ(result(), fail);
  zone.a(name, "127.0.0.2");
  EXPECT_EQ(result(), pass);
}

TEST_F(SpfMatch, the_p_macro_prefers_the_domain_then_what_is_below_it) {
  zone.txt("example.com", "v=spf1 exists:%{p}.list.example.net -all");
  const auto authorise = [this](const std::string& name) {
    zone.a(name + ".list.example.net", "127.0.0.2");
    return result();
  };
  EXPECT_EQ(authorise("unknown"), pass);
  zone.clear();
  zone.txt("example.com", "v=spf1 exists:%{p}.list.example.net -all");
  for (const auto* name : {"other.example.org", "mail.example.com", "example.com"}) {
    zone.ptr("192.0.2.1", name);
    zone.a(name, "192.0.2.1");
  }
  EXPECT_EQ(authorise("other.example.org"), fail);
  EXPECT_EQ(authorise("mail.example.com"), fail);
  EXPECT_EQ(authorise("example.com"), pass);
  EXPECT_EQ(zone.queries("1.2.0.192.in-addr.arpa"), 4u);  // once an evaluation
}

TEST_F(SpfMatch, owners_with_blanks_and_percent_signs_are_names) {
  zone.txt("example.com", "v=spf1 a:a%%b%_c%-d.example.com -all");
  zone.a("a%b c%20d.example.com", "192.0.2.1");
  EXPECT_EQ(result(), pass);
}

}  // namespace
}  // namespace postern::policy
