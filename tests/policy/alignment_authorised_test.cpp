// Question (a): does the SPF of the envelope sender's domain authorise sending through SES?
#include "policy/alignment_authorised.hpp"

#include "policy/alignment_fixture.hpp"

namespace postern::policy {
namespace {

class SenderSpf : public AlignmentTest {};

TEST_F(SenderSpf, include_of_amazonses_passes) {
  zone("example.com TXT v=spf1 include:amazonses.com -all");
  const auto found = ask_sender("Example.COM.");
  EXPECT_EQ(found->spf, SpfResult::pass);
  EXPECT_EQ(reasons(found), "");
}

TEST_F(SenderSpf, flattened_record_that_is_complete_passes) {
  zone("example.com TXT v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 ip4:76.223.128.0/19 -all");
  EXPECT_EQ(ask_sender("example.com")->spf, SpfResult::pass);
}

TEST_F(SenderSpf, stale_flattened_record_shows_with_the_network_that_is_missing) {
  zone("example.com TXT v=spf1 mx ip4:199.255.192.0/22 ip4:76.223.128.0/19 -all");
  zone("example.com MX 10 mail.example.com\nmail.example.com A 192.0.2.1");
  const auto found = ask_sender("example.com");
  EXPECT_EQ(found->spf, SpfResult::fail);
  EXPECT_EQ(found->spf_detail, "54.240.0.0/18 of amazonses.com: fail by -all of example.com");
  EXPECT_EQ(
      record(found, "spf_fail"),
      "example.com. TXT \"v=spf1 include:amazonses.com mx ip4:199.255.192.0/22 ip4:76.223.128.0/19 -all\"");
}

TEST_F(SenderSpf, each_result_has_its_advice) {
  zone(R"(soft.example TXT v=spf1 ~all
          open.example TXT v=spf1 ?all
          empty.example TXT v=spf1
          bad.example TXT v=spf1 foo:bar a -all
          two.example TXT v=spf1 a -all
          two.example TXT v=spf1 ip4:192.0.2.0/24 ~all
          down.example SERVFAIL)");
  const auto expect = [this](const std::string& domain, SpfResult result, const std::string& reason,
                             const std::string& text) {
    const auto found = ask_sender(domain);
    EXPECT_EQ(found->spf, result) << domain << ": " << found->spf_detail;
    EXPECT_EQ(reasons(found), reason);
    EXPECT_EQ(record(found, reason), text.empty() ? "" : domain + ". TXT \"" + text + '"');
  };
  expect("none.example", SpfResult::none, "spf_missing", "v=spf1 include:amazonses.com ~all");
  expect("soft.example", SpfResult::softfail, "spf_softfail", "v=spf1 include:amazonses.com ~all");
  expect("open.example", SpfResult::neutral, "spf_neutral", "v=spf1 include:amazonses.com ?all");
  expect("empty.example", SpfResult::neutral, "spf_neutral", "v=spf1 include:amazonses.com ~all");
  expect("bad.example", SpfResult::permerror, "spf_permerror", "v=spf1 include:amazonses.com a -all");
  expect("two.example", SpfResult::permerror, "spf_permerror",
         "v=spf1 include:amazonses.com a ip4:192.0.2.0/24 ~all");
  expect("down.example", SpfResult::temperror, "spf_temperror", "");
}

// Else what is proposed would be an error again.
TEST_F(SenderSpf, what_finds_nothing_and_makes_the_record_an_error_is_not_proposed_again) {
  zone(R"(gone.example TXT v=spf1 ip4:192.0.2.7 include:nowhere.example mx -all
          void.example TXT v=spf1 a:v1.example ip4:192.0.2.7 a:v2.example mx:v3.example -all
          deep.example TXT v=spf1 include:gone.example -all)");
  const auto proposed = [this](const std::string& domain) {
    return record(ask_sender(domain), "spf_permerror");
  };
  EXPECT_EQ(proposed("gone.example"),
            "gone.example. TXT \"v=spf1 include:amazonses.com ip4:192.0.2.7 mx -all\"");
  EXPECT_EQ(proposed("void.example"),
            "void.example. TXT \"v=spf1 include:amazonses.com ip4:192.0.2.7 -all\"");
  EXPECT_EQ(proposed("deep.example"),
            "deep.example. TXT \"v=spf1 include:amazonses.com include:gone.example -all\"");
}

// RFC 7208 4.6.4: what stands in front of the eleventh look-up still counts.
TEST_F(SenderSpf, eleven_look_ups_in_front_of_amazonses_are_a_permerror) {
  std::string includes;
  for (int i = 1; i <= 10; ++i) {
    const auto name = "i" + std::to_string(i) + ".example";
    zone(name + " TXT v=spf1 ip4:192.0.2." + std::to_string(i) + " -all");
    includes += " include:" + name;
  }
  zone("example.com TXT v=spf1" + includes + " include:amazonses.com -all");
  const auto found = ask_sender("example.com");
  EXPECT_EQ(found->spf, SpfResult::permerror);
  EXPECT_EQ(record(found, "spf_permerror"),
            "example.com. TXT \"v=spf1 include:amazonses.com" + includes + " -all\"");
  zone("example.org TXT v=spf1 include:amazonses.com" + includes + " -all");
  EXPECT_EQ(ask_sender("example.org")->spf, SpfResult::pass);
}

TEST_F(SenderSpf, null_sender_has_no_domain_to_judge) {
  const auto found = ask_sender("");
  EXPECT_EQ(found->spf, SpfResult::none);
  EXPECT_EQ(reasons(found), "");
}

TEST_F(SenderSpf, networks_in_authorised_are_tried_as_they_are) {
  settings_.authorised = {"192.0.2.0/24", "2001:db8::/32"};
  zone("example.com TXT v=spf1 ip4:192.0.2.0/24 -all");
  const auto found = ask_sender("example.com");
  EXPECT_EQ(found->spf, SpfResult::fail);
  EXPECT_EQ(found->spf_detail, "2001:db8::/32: fail by -all of example.com");
  EXPECT_EQ(record(found, "spf_fail"), "example.com. TXT \"v=spf1 ip6:2001:db8::/32 ip4:192.0.2.0/24 -all\"");
}

// A record that receivers can't evaluate is worse than one without SES.
TEST_F(SenderSpf, a_record_that_would_need_more_than_ten_look_ups_is_not_proposed) {
  std::string includes;
  for (int i = 0; i < 10; ++i) {
    const auto name = "i" + std::to_string(i) + ".example.com";
    zone(name + " TXT v=spf1 ip4:192.0.2." + std::to_string(i) + " -all");
    includes += "include:" + name + " ";
  }
  zone("example.com TXT v=spf1 " + includes + "-all");
  const auto found = ask_sender("example.com");
  EXPECT_EQ(found->spf, SpfResult::fail);
  EXPECT_EQ(record(found, "spf_fail"), "");
  EXPECT_NE(found->advice.front().text.find("needs 11 look-ups"), std::string::npos)
      << found->advice.front().text;
}

TEST_F(SenderSpf, record_that_lets_everybody_in_is_not_proposed_again) {
  settings_.authorised = {"2001:db8::/32"};
  zone("example.com TXT v=spf1 -ip6:2001:db8::/32 +all");
  EXPECT_EQ(record(ask_sender("example.com"), "spf_fail"),
            "example.com. TXT \"v=spf1 ip6:2001:db8::/32 -ip6:2001:db8::/32 ~all\"");
}

TEST_F(SenderSpf, authorised_without_any_network_is_a_temperror_that_names_the_setting) {
  settings_.authorised = {"typo.example"};
  zone("example.com TXT v=spf1 -all");
  const auto found = ask_sender("example.com");
  EXPECT_EQ(found->spf, SpfResult::temperror);
  EXPECT_EQ(reasons(found), "spf_authorised");
  EXPECT_NE(found->spf_detail.find("spf.authorised typo.example"), std::string::npos) << found->spf_detail;
}

TEST_F(SenderSpf, one_wrong_entry_of_authorised_leaves_the_others) {
  settings_.authorised.push_back("typo.example");
  zone("example.com TXT v=spf1 include:amazonses.com -all");
  const auto found = ask_sender("example.com");
  EXPECT_EQ(found->spf, SpfResult::pass);
  EXPECT_EQ(reasons(found), "spf_authorised");
}

TEST_F(SenderSpf, authorised_that_does_not_answer_is_a_temperror) {
  dns_.clear();
  zone("amazonses.com SERVFAIL\nexample.com TXT v=spf1 ip4:54.240.0.0/18 -all");
  EXPECT_EQ(ask_sender("example.com")->spf, SpfResult::temperror);
}

TEST_F(SenderSpf, an_outage_is_not_asked_for_every_network) {
  zone("example.com TIMEOUT");
  EXPECT_EQ(ask_sender("example.com")->spf, SpfResult::temperror);
  EXPECT_LE(dns_.queries("example.com"), 2U);
}

TEST(Worse, orders_the_results_of_spf) {
  const SpfResult order[] = {SpfResult::pass,      SpfResult::neutral,   SpfResult::none, SpfResult::softfail,
                             SpfResult::temperror, SpfResult::permerror, SpfResult::fail};
  for (std::size_t i = 0; i + 1 < std::size(order); ++i) {
    EXPECT_EQ(worse(order[i], order[i + 1]), order[i + 1]) << i;
    EXPECT_EQ(worse(order[i + 1], order[i]), order[i + 1]) << i;
  }
}

TEST(FirstAddress, drops_the_host_bits) {
  const auto network = [](std::string_view ip, int prefix) {
    return net::Network{net::IpAddress::parse(ip).value(), prefix};
  };
  EXPECT_EQ(first_address(network("54.240.63.255", 96 + 18)).to_string(), "54.240.0.0");
  EXPECT_EQ(to_text(network("192.0.2.77", 128)), "192.0.2.77/32");
  EXPECT_EQ(to_text(network("192.0.2.77", 96)), "0.0.0.0/0");
  EXPECT_EQ(to_text(network("2001:db8:ffff::1", 33)), "2001:db8:8000::/33");
}

}  // namespace
}  // namespace postern::policy
