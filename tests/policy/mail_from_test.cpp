// Question (b): the MAIL FROM domain that receivers see. AWS wants exactly one MX and an SPF record of it.
#include "policy/mail_from.hpp"

#include "policy/alignment_authorised.hpp"
#include "policy/alignment_fixture.hpp"

namespace postern::policy {
namespace {

class MailFrom : public AlignmentTest {
 protected:
  std::vector<Advice> check(const std::string& domain, const std::string& region) {
    const std::vector<std::string> ses{"amazonses.com"};
    auto authorised = support::run(loop_, flatten_authorised(dns_, ses));
    return support::run(loop_, look_at_mail_from(dns_, domain, region, std::move(authorised))).advice;
  }
  // The advice as "reason: record".
  std::string only(const std::string& text, const std::string& region = "eu-west-1") {
    dns_.clear();
    zone("amazonses.com TXT v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all\n" + text);
    std::string out;
    for (const auto& one : check("bounce.example.com", region)) out += one.reason + ": " + one.record + "\n";
    return out;
  }
  const std::string spf_ = "bounce.example.com TXT v=spf1 include:amazonses.com ~all\n";
  const std::string mx_ = "bounce.example.com MX 10 feedback-smtp.eu-west-1.amazonses.com\n";
  const std::string spf_record_ = ": bounce.example.com. TXT \"v=spf1 include:amazonses.com ~all\"\n";
  const std::string mx_advice_ =
      "mail_from_mx: bounce.example.com. MX 10 feedback-smtp.eu-west-1.amazonses.com.\n";
};

TEST_F(MailFrom, domain_as_aws_wants_it_needs_no_advice) {
  EXPECT_EQ(only(spf_ + mx_), "");
  EXPECT_EQ(only(spf_ + "bounce.example.com MX 10 Feedback-SMTP.eu-west-1.AmazonSES.com"), "");
  EXPECT_EQ(only(mx_ + "bounce.example.com TXT v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all"), "");
  EXPECT_EQ(only(mx_ + "bounce.example.com TXT v=spf1 redirect=amazonses.com"), "");
}

TEST_F(MailFrom, mx_must_be_one_at_the_feedback_host_of_the_region) {
  EXPECT_EQ(only(spf_), mx_advice_);
  EXPECT_EQ(only(spf_ + mx_ + "bounce.example.com MX 20 mail.example.com"), mx_advice_);
  EXPECT_EQ(only(spf_ + "bounce.example.com MX 10 mail.example.com"), mx_advice_);
  EXPECT_EQ(only(spf_ + "bounce.example.com MX 10 feedback-smtp.us-east-1.amazonses.com"), mx_advice_);
  EXPECT_EQ(only(spf_ + "bounce.example.com MX 5 feedback-smtp.eu-west-1.amazonses.com"), mx_advice_);
}

TEST_F(MailFrom, without_a_region_any_feedback_host_will_do) {
  EXPECT_EQ(only(spf_ + mx_, ""), "");
  EXPECT_EQ(only(spf_ + "bounce.example.com MX 10 mail.example.com", ""),
            "mail_from_mx: bounce.example.com. MX 10 feedback-smtp.<region>.amazonses.com.\n");
}

TEST_F(MailFrom, spf_must_be_one_record_that_lets_ses_send) {
  EXPECT_EQ(only(mx_), "mail_from_spf_missing" + spf_record_);
  EXPECT_EQ(only(mx_ + spf_ + spf_), "mail_from_spf_several" + spf_record_);
  EXPECT_EQ(only(mx_ + "bounce.example.com TXT v=spf1 -all"), "mail_from_spf_fail" + spf_record_);
  EXPECT_EQ(only(mx_ + "bounce.example.com TXT v=spf1 include:amazonses.con ~all"),
            "mail_from_spf_fail" + spf_record_);
  EXPECT_EQ(only(mx_ + "bounce.example.com TXT v=spf1 ip4:199.255.192.0/22 -all"),
            "mail_from_spf_fail" + spf_record_);
}

TEST_F(MailFrom, plus_all_is_refused_although_it_passes) {
  for (const char* all : {"+all", "all"})
    EXPECT_EQ(only(mx_ + "bounce.example.com TXT v=spf1 include:amazonses.com " + all),
              "mail_from_spf_all" + spf_record_);
}

TEST_F(MailFrom, more_than_ten_look_ups_are_refused_although_ses_comes_first) {
  std::string text = "bounce.example.com TXT v=spf1 include:amazonses.com";
  std::string zone;
  for (int i = 1; i <= 10; ++i) {
    const auto name = "i" + std::to_string(i) + ".example";
    zone += name + " TXT v=spf1 ip4:192.0.2." + std::to_string(i) + " -all\n";
    text += " include:" + name;
    if (i == 9) {
      EXPECT_EQ(only(mx_ + zone + text + " ~all"), "");
    }
  }
  EXPECT_EQ(only(mx_ + zone + text + " ~all"), "mail_from_spf_lookups" + spf_record_);
}

TEST_F(MailFrom, no_answer_is_said_and_nothing_proposed) {
  EXPECT_EQ(only(spf_ + "bounce.example.com SERVFAIL MX"), "mail_from_temperror: \n");
  EXPECT_EQ(only(mx_ + "bounce.example.com TIMEOUT TXT"), "mail_from_temperror: \n");
}

TEST_F(MailFrom, name_that_dns_cannot_carry_has_neither) {
  const auto found = check("a..example.com", "eu-west-1");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].reason, "mail_from_mx");
}

TEST(MailFromEntry, is_that_of_the_domain_or_its_nearest_parent) {
  const std::map<std::string, std::string> entries{{"Example.com", "bounce.example.com"},
                                                   {"mail.example.com", "b.mail.example.com"}};
  const auto domain_for = [&entries](std::string_view from) {
    const auto* entry = mail_from_entry(entries, from);
    return entry == nullptr ? "none" : entry->second;
  };
  EXPECT_EQ(domain_for("example.com"), "bounce.example.com");
  EXPECT_EQ(domain_for("a.b.example.com"), "bounce.example.com");
  EXPECT_EQ(domain_for("x.mail.example.com"), "b.mail.example.com");
  EXPECT_EQ(domain_for("notexample.com"), "none");
  EXPECT_EQ(domain_for("com"), "none");
  EXPECT_EQ(domain_for(""), "none");
}

}  // namespace
}  // namespace postern::policy
