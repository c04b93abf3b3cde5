// Questions (c) and (d): which leg aligns, what DMARC says, what becomes of the mail. RFC 7489 3.1 and 6.6,
// RFC 9989 4.4 and 4.10.
#include "policy/alignment_verdict.hpp"

#include "policy/alignment_fixture.hpp"

namespace postern::policy {
namespace {

class DmarcVerdict : public AlignmentTest {
 protected:
  void dmarc(const std::string& tags, const std::string& domain = "example.com") {
    zone("_dmarc." + domain + " TXT v=DMARC1; " + tags);
  }
};

TEST_F(DmarcVerdict, signature_of_the_from_domain_passes_through_dkim) {
  dmarc("p=reject");
  const auto found = ask_from("example.com", "example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::pass_dkim);
  EXPECT_TRUE(found->dkim_aligned);
  EXPECT_FALSE(found->spf_aligned);
  EXPECT_EQ(found->mail_from_domain, "amazonses.com");
  EXPECT_EQ(found->dmarc_detail,
            "p=reject at example.com: DKIM d=example.com aligns, MAIL FROM is amazonses.com");
}

TEST_F(DmarcVerdict, without_an_entry_the_spf_leg_counts_as_failed) {
  dmarc("p=reject");
  const auto found = ask_from("example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_EQ(found->policy, DmarcPolicy::reject);
  EXPECT_EQ(found->dmarc_detail,
            "p=reject at example.com: no DKIM key for it here (Easy DKIM of SES is not seen), MAIL FROM is "
            "amazonses.com");
  EXPECT_EQ(record(found, "dmarc_fail"), "bounce.example.com. TXT \"v=spf1 include:amazonses.com ~all\"");
  EXPECT_EQ(record(found, "mail_from_missing"),
            "bounce.example.com. MX 10 feedback-smtp.eu-west-1.amazonses.com.");
  EXPECT_NE(advice(found, "dmarc_fail")->text.find("who refuse it"), std::string::npos);
}

TEST_F(DmarcVerdict, custom_mail_from_passes_through_spf_relaxed) {
  dmarc("p=reject");
  good_mail_from();
  const auto found = ask_from("example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::pass_spf);
  EXPECT_TRUE(found->spf_aligned);
  EXPECT_EQ(found->mail_from_domain, "bounce.example.com");
  EXPECT_EQ(ask_from("example.com", "example.com")->dmarc, DmarcResult::pass_both);
}

// SES.md 4: MAIL FROM is a subdomain of the identity, so that strict alignment never holds.
TEST_F(DmarcVerdict, strict_spf_never_aligns_with_a_subdomain) {
  dmarc("p=quarantine; aspf=s");
  good_mail_from();
  const auto found = ask_from("example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_EQ(found->policy, DmarcPolicy::quarantine);
  EXPECT_FALSE(found->spf_aligned);
  EXPECT_EQ(found->dmarc_detail,
            "p=quarantine at example.com: no DKIM key for it here (Easy DKIM of SES is not seen), MAIL FROM "
            "bounce.example.com does not align (aspf=s)");
  EXPECT_EQ(record(found, "dmarc_fail"), "_dmarc.example.com. TXT \"v=DMARC1; p=quarantine; aspf=r\"");
}

TEST_F(DmarcVerdict, strict_dkim_wants_the_from_domain_itself) {
  dmarc("p=reject; adkim=s");
  EXPECT_EQ(ask_from("example.com", "example.com")->dmarc, DmarcResult::pass_dkim);
  const auto found = ask_from("example.com", "mail.example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_EQ(record(found, "dmarc_fail"), "_dmarc.example.com. TXT \"v=DMARC1; p=reject; adkim=r\"");
}

TEST_F(DmarcVerdict, relaxed_takes_any_name_of_the_organizational_domain) {
  dmarc("p=reject");
  zone("a.example.com EXISTS");
  EXPECT_EQ(ask_from("a.example.com", "b.c.example.com")->dmarc, DmarcResult::pass_dkim);
  EXPECT_EQ(ask_from("a.example.com", "example.org")->dmarc, DmarcResult::fail);
  EXPECT_EQ(ask_from("example.com", "notexample.com")->dmarc, DmarcResult::fail);
}

TEST_F(DmarcVerdict, p_sp_and_np_apply_where_they_belong) {
  dmarc("p=none; sp=quarantine; np=reject");
  zone("there.example.com A 192.0.2.1");
  EXPECT_EQ(ask_from("example.com")->policy, DmarcPolicy::none);
  EXPECT_EQ(ask_from("there.example.com")->policy, DmarcPolicy::quarantine);
  const auto ghost = ask_from("ghost.example.com");
  EXPECT_EQ(ghost->policy, DmarcPolicy::reject);
  // Receivers of RFC 7489 don't know np: both are named, and the record that makes them agree.
  const auto text = advice(ghost, "dmarc_methods")->text;
  EXPECT_NE(text.find("(RFC 9989) fail (np=reject at example.com"), std::string::npos) << text;
  EXPECT_NE(text.find("(RFC 7489) fail (sp=quarantine at example.com"), std::string::npos) << text;
  EXPECT_EQ(record(ghost, "dmarc_methods"),
            "_dmarc.example.com. TXT \"v=DMARC1; p=none; sp=quarantine; np=quarantine\"");
}

// t is for receivers of RFC 9989, pct for those of RFC 7489; the stricter counts.
TEST_F(DmarcVerdict, t_and_pct_soften_only_for_their_receivers) {
  dmarc("p=reject; t=y");
  dmarc("p=reject; pct=0", "example.org");
  dmarc("p=reject; pct=0; t=y", "example.net");
  dmarc("p=quarantine; pct=25", "example.edu");
  EXPECT_EQ(ask_from("example.com")->policy, DmarcPolicy::reject);
  EXPECT_EQ(ask_from("example.org")->policy, DmarcPolicy::reject);
  EXPECT_EQ(ask_from("example.net")->policy, DmarcPolicy::quarantine);
  const auto quarter = ask_from("example.edu");
  EXPECT_EQ(quarter->policy, DmarcPolicy::quarantine);
  EXPECT_EQ(quarter->dmarc_detail,
            "p=quarantine at example.edu (pct=25, none for the rest): no DKIM key for it here (Easy DKIM of "
            "SES is not seen), MAIL FROM is "
            "amazonses.com");
  EXPECT_EQ(advice(quarter, "dmarc_methods"), nullptr);
}

TEST_F(DmarcVerdict, no_record_is_none_with_the_least_record_to_publish) {
  good_mail_from();
  const auto found = ask_from("mail.example.com", "example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::none);
  EXPECT_TRUE(found->dkim_aligned);
  EXPECT_TRUE(found->spf_aligned);
  EXPECT_EQ(record(found, "dmarc_missing"), "_dmarc.example.com. TXT \"v=DMARC1; p=none\"");
}

TEST_F(DmarcVerdict, no_from_domain_is_none_without_look_ups) {
  const auto found = ask({"", "", "example.com"});
  EXPECT_EQ(found->dmarc, DmarcResult::none);
  EXPECT_EQ(found->dmarc_detail, "From has no address with a domain");
  EXPECT_EQ(reasons(found), "");
  EXPECT_EQ(dns_.queries(), 0U);
}

TEST_F(DmarcVerdict, record_that_receivers_ignore_is_a_permerror) {
  dmarc("p=bob");
  const auto found = ask_from("example.com", "example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::permerror);
  EXPECT_EQ(record(found, "dmarc_invalid"), "_dmarc.example.com. TXT \"v=DMARC1; p=none\"");
  EXPECT_EQ(found->dmarc_detail,
            "the DMARC record at _dmarc.example.com: p=bob is not none, quarantine or reject");
}

TEST_F(DmarcVerdict, several_records_are_a_permerror) {
  dmarc("p=none");
  dmarc("p=reject");
  const auto found = ask_from("example.com", "example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::permerror);
  EXPECT_EQ(found->policy, DmarcPolicy::none);
  EXPECT_NE(advice(found, "dmarc_several"), nullptr);
}

TEST_F(DmarcVerdict, from_on_a_public_suffix_aligns_with_itself_only) {
  dmarc("p=reject", "co.uk");
  EXPECT_EQ(ask_from("co.uk", "co.uk")->dmarc, DmarcResult::pass_dkim);
  EXPECT_EQ(ask_from("co.uk", "example.co.uk")->dmarc, DmarcResult::fail);
}

TEST_F(DmarcVerdict, where_the_methods_differ_the_worse_counts_and_both_are_named) {
  dmarc("p=reject");
  dmarc("p=quarantine; psd=n", "shop.example.com");
  const auto found = ask_from("shop.example.com", "example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_EQ(found->policy, DmarcPolicy::quarantine);
  const auto* both = advice(found, "dmarc_methods");
  ASSERT_NE(both, nullptr);
  EXPECT_EQ(
      both->text,
      "Receivers will not agree about mail from shop.example.com: by the DNS tree walk (RFC 9989) fail "
      "(p=quarantine at shop.example.com: DKIM d=example.com does not align, MAIL FROM is amazonses.com), by "
      "the public suffix list (RFC 7489) pass (p=quarantine at shop.example.com: DKIM d=example.com aligns, "
      "MAIL FROM is amazonses.com).");
  EXPECT_EQ(both->record, "_dmarc.shop.example.com. TXT \"v=DMARC1; p=quarantine; psd=u\"");
}

// Only the subdomain has a record: to the tree walk it is an organisation of its own.
TEST_F(DmarcVerdict, record_of_the_organizational_domain_is_proposed_where_it_lacks) {
  dmarc("p=reject", "shop.example.com");
  const auto found = ask_from("shop.example.com", "example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_EQ(record(found, "dmarc_methods"), "_dmarc.example.com. TXT \"v=DMARC1; p=none\"");
}

TEST_F(DmarcVerdict, list_can_be_the_worse_one_too) {
  dmarc("p=reject; psd=n", "appspot.com");
  // The tree walk finds appspot.com for both, the list two organisations of their own.
  zone("_dmarc.one.appspot.com TXT v=DMARC1; p=reject");
  const auto found = ask_from("one.appspot.com", "two.appspot.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_EQ(record(found, "dmarc_methods"), "_dmarc.one.appspot.com. TXT \"v=DMARC1; p=reject; psd=n\"");
}

TEST_F(DmarcVerdict, mail_from_that_ses_does_not_use_fails_the_leg) {
  dmarc("p=reject");
  mail_from("example.com", "bounce.example.com");
  zone(R"(bounce.example.com TXT v=spf1 include:amazonses.com ~all
          bounce.example.com MX 10 feedback-smtp.eu-west-1.amazonses.com
          bounce.example.com MX 20 mail.example.com)");
  const auto found = ask_from("example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_TRUE(found->spf_aligned);
  EXPECT_EQ(record(found, "mail_from_mx"),
            "bounce.example.com. MX 10 feedback-smtp.eu-west-1.amazonses.com.");
  EXPECT_EQ(advice(found, "mail_from_missing"), nullptr);
  EXPECT_EQ(ask_from("example.com", "example.com")->dmarc, DmarcResult::pass_dkim);
}

TEST_F(DmarcVerdict, spf_of_mail_from_that_does_not_pass_fails_the_leg) {
  dmarc("p=reject");
  mail_from("example.com", "bounce.example.com");
  zone(R"(bounce.example.com TXT v=spf1 ip4:192.0.2.0/24 ~all
          bounce.example.com MX 10 feedback-smtp.eu-west-1.amazonses.com)");
  const auto found = ask_from("example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  EXPECT_EQ(found->dmarc_detail,
            "p=reject at example.com: no DKIM key for it here (Easy DKIM of SES is not seen), MAIL FROM "
            "bounce.example.com has SPF softfail");
}

// Each look-up in turn does not answer.
TEST_F(DmarcVerdict, no_answer_at_any_step_is_a_temperror_unless_a_leg_passes_without_it) {
  for (const char* broken :
       {"_dmarc.example.com SERVFAIL", "_dmarc.example.com TIMEOUT", "bounce.example.com SERVFAIL MX",
        "bounce.example.com SERVFAIL TXT", "amazonses.com SERVFAIL", "_dmarc.com SERVFAIL"}) {
    dns_.clear();
    alignment_.settings_changed();
    zone("amazonses.com TXT v=spf1 ip4:54.240.0.0/18 -all");
    good_mail_from();
    dmarc("p=reject");
    zone(broken);
    const auto unsigned_mail = ask_from("example.com");
    EXPECT_EQ(unsigned_mail->dmarc, DmarcResult::temperror) << broken << ": " << unsigned_mail->dmarc_detail;
    const bool policy_known = std::string_view(broken).find("_dmarc.example") == std::string_view::npos;
    EXPECT_EQ(ask_from("example.com", "example.com")->dmarc,
              policy_known ? DmarcResult::pass_dkim : DmarcResult::temperror)
        << broken;
  }
}

TEST_F(DmarcVerdict, mail_without_a_key_here_may_be_signed_by_ses) {
  dmarc("p=reject");
  const std::string easy_dkim = "Unless SES itself signs it (Easy DKIM): ";
  EXPECT_TRUE(advice(ask_from("example.com"), "dmarc_fail")->text.starts_with(easy_dkim));
  const auto foreign_key = ask_from("example.com", "example.org");
  EXPECT_FALSE(advice(foreign_key, "dmarc_fail")->text.starts_with(easy_dkim));
}

TEST_F(DmarcVerdict, of_two_authors_the_worse_counts_and_both_get_advice) {
  dmarc("p=reject");
  zone("example.org TXT v=spf1 include:amazonses.com ~all\n_dmarc.example.org TXT v=DMARC1; p=quarantine");
  const auto first = ask({"example.com", "example.com", "example.com"});
  const auto second = ask({"example.com", "example.org", "example.com"});
  ASSERT_EQ(first->dmarc, DmarcResult::pass_dkim);
  for (const auto& both : {worse(first, second), worse(second, first)}) {
    EXPECT_EQ(both->dmarc, DmarcResult::fail);
    EXPECT_EQ(both->policy, DmarcPolicy::quarantine);
    EXPECT_EQ(both->author_domain, "example.org");
    EXPECT_NE(advice(both, "dmarc_fail"), nullptr);
    EXPECT_EQ(both->advice.size(), first->advice.size() + second->advice.size());
    EXPECT_EQ(both->expires, std::min(first->expires, second->expires));
  }
  const auto stricter = ask_from("example.com");
  EXPECT_EQ(worse(second, stricter)->author_domain, "example.com") << "of two fails, p=reject";
}

// What comes out of the DNS is bounded and printable before it goes anywhere.
TEST_F(DmarcVerdict, hostile_records_leave_short_and_printable_text) {
  dmarc("p=reject; x=" + std::string(60000, 'y') + "\x1b[2J; adkim=s");
  zone("example.com TXT v=spf1 " + std::string(60000, 'a') + " -all");
  const auto found = ask_from("example.com", "mail.example.com");
  EXPECT_EQ(found->dmarc, DmarcResult::fail);
  std::size_t all = found->spf_detail.size() + found->dmarc_detail.size();
  for (const auto& one : found->advice) {
    all += one.text.size() + one.record.size();
    EXPECT_EQ(one.record.find('\x1b'), std::string::npos);
  }
  EXPECT_LT(all, 8000U);
}

TEST(DmarcResultName, is_pass_for_all_three_passes) {
  EXPECT_EQ(to_string(DmarcResult::pass_dkim), "pass");
  EXPECT_EQ(to_string(DmarcResult::pass_spf), "pass");
  EXPECT_EQ(to_string(DmarcResult::pass_both), "pass");
  EXPECT_EQ(to_string(DmarcResult::fail), "fail");
  EXPECT_EQ(to_string(DmarcResult::none), "none");
  EXPECT_EQ(to_string(DmarcResult::permerror), "permerror");
  EXPECT_EQ(to_string(DmarcResult::temperror), "temperror");
}

}  // namespace
}  // namespace postern::policy
