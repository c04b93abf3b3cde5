#include "policy/alignment_records.hpp"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TEST(ZoneLine, splits_and_escapes_texts) {
  EXPECT_EQ(txt_record("example.com", "a \"b\" \\c"), R"(example.com. TXT "a \"b\" \\c")");
  EXPECT_EQ(txt_record("example.com", std::string(256, 'x')),
            "example.com. TXT \"" + std::string(255, 'x') + "\" \"x\"");
  EXPECT_EQ(txt_record("example.com", std::string(2001, 'x')), "");
  EXPECT_EQ(txt_record("example.com", "a\nb"), "");
}

TEST(SpfProposal, lets_the_authorised_in_first_and_keeps_the_rest) {
  const auto with = [](std::vector<std::string> records) { return spf_with(records, {"amazonses.com"}); };
  EXPECT_EQ(with({}), "v=spf1 include:amazonses.com ~all");
  EXPECT_EQ(with({"v=spf1 a  mx -all"}), "v=spf1 include:amazonses.com a mx -all");
  EXPECT_EQ(with({"v=spf1 a include:AmazonSES.com -all"}), "v=spf1 include:amazonses.com a -all");
  EXPECT_EQ(with({"v=spf1 a redirect=_spf.example.com"}),
            "v=spf1 include:amazonses.com a redirect=_spf.example.com");
  EXPECT_EQ(with({"v=spf1 redirect=x.example ?all"}), "v=spf1 include:amazonses.com ?all");
  EXPECT_EQ(with({"v=spf1 a +all"}), "v=spf1 include:amazonses.com a ~all");
  EXPECT_EQ(with({"v=spf1 a -all", "v=spf1 mx a ~all"}), "v=spf1 include:amazonses.com a mx ~all");
  EXPECT_EQ(with({"v=spf1 ip4:1.2.3 a -all"}), "v=spf1 include:amazonses.com a -all");
}

TEST(SpfProposal, leaves_out_what_finds_nothing) {
  EXPECT_EQ(
      spf_with({"v=spf1 a include:gone.example mx -all"}, {"amazonses.com"}, {"include:gone.example", "a"}),
      "v=spf1 include:amazonses.com mx -all");
}

TEST(DmarcProposal, changes_one_tag) {
  EXPECT_EQ(dmarc_with("v=DMARC1;p=reject ; adkim = s;", "adkim", "r"), "v=DMARC1; p=reject; adkim=r");
  EXPECT_EQ(dmarc_with("v=DMARC1; p=none", "psd", "n"), "v=DMARC1; p=none; psd=n");
  EXPECT_EQ(dmarc_with("v=DMARC1; PSD=y; p=none", "psd", "n"), "v=DMARC1; psd=n; p=none");
}

TEST(Shown, is_printable_and_short) {
  EXPECT_EQ(shown("a\x1b[2J\xff"), "a?[2J?");
  EXPECT_EQ(shown("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace postern::policy
