#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "postern/policy/dmarc.hpp"

namespace postern::policy {
namespace {

using base::Errc;

std::string policy_of(std::string_view text) {
  const auto record = parse_dmarc(text);
  if (record) return std::string(to_string(record->policy));
  return record.error().code == Errc::not_found ? "not a record" : "invalid";
}

// RFC 9989 4.8: dmarc-version stands first, its value in capitals and alone.
TEST(DmarcRecord, version_comes_first_and_matches_exactly) {
  EXPECT_EQ(policy_of("v=DMARC1; p=none"), "none");
  EXPECT_EQ(policy_of("V \t= DMARC1\t; p=none"), "none");
  for (const char* text :
       {"", "v", "v=", "v=DMARC", "v=DMARC12; p=none", "v=DMARC1 p=none", "v=dmarc1; p=none",
        "p=none; v=DMARC1", " v=DMARC1; p=none", ";v=DMARC1; p=none", "v=spf1 -all", "vv=DMARC1; p=none"})
    EXPECT_EQ(policy_of(text), "not a record") << text;
}

TEST(DmarcRecord, policy_is_one_of_three_words_in_any_case) {
  EXPECT_EQ(policy_of("v=DMARC1;p=reject"), "reject");
  EXPECT_EQ(policy_of("v=DMARC1; P = QuaranTine ;"), "quarantine");
  for (const char* text : {"v=DMARC1", "v=DMARC1;", "v=DMARC1; p=", "v=DMARC1; p", "v=DMARC1; p=n",
                           "v=DMARC1; p=rejected", "v=DMARC1; p=re ject", "v=DMARC1; p=reject,"})
    EXPECT_EQ(policy_of(text), "invalid") << text;
}

TEST(DmarcRecord, error_names_the_tag_that_is_wrong) {
  EXPECT_EQ(parse_dmarc("v=DMARC1; p=bob").error().message, "p=bob is not none, quarantine or reject");
  EXPECT_EQ(parse_dmarc("v=DMARC1; p=none; sp=x").error().message, "sp=x is not none, quarantine or reject");
  EXPECT_EQ(parse_dmarc("v=DMARC1; aspf=r").error().message, "there is no p tag");
  EXPECT_EQ(parse_dmarc("v=DMARC1; p=none; fo=1; fo=1").error().message, "the tag fo stands there twice");
}

// RFC 7489 6.6.3, RFC 9989 4.10.1: with a valid rua a wrong policy counts as p=none.
TEST(DmarcRecord, wrong_policy_counts_as_none_where_a_report_can_be_sent) {
  EXPECT_EQ(policy_of("v=DMARC1; rua=mailto:d@example.com"), "none");
  EXPECT_EQ(policy_of("v=DMARC1; p=bob; rua=mailto:d@example.com"), "none");
  EXPECT_EQ(policy_of("v=DMARC1; p=bob; rua=https://example.com/d"), "none");
  for (const char* rua : {"", "bogus", "mailto:", "mailto:d", "mailto:@example.com", "mailto:d@",
                          ":d@example.com", "mailto:d@example.com!", "mailto:d@example.com!10x",
                          "mailto:d e@example.com", "mailto:d?@example.com"})
    EXPECT_EQ(policy_of("v=DMARC1; p=bob; rua=" + std::string(rua)), "invalid") << rua;
}

TEST(DmarcRecord, a_wrong_sp_or_np_takes_all_policies_with_it) {
  for (const char* wrong : {"sp=bob", "np=bob"}) {
    const auto record = parse_dmarc("v=DMARC1; p=reject; sp=reject; rua=mailto:d@example.com; np=reject");
    EXPECT_EQ(record->policy, DmarcPolicy::reject);
    EXPECT_EQ(policy_of(std::string("v=DMARC1; p=reject; ") + wrong), "invalid");
    EXPECT_EQ(policy_of(std::string("v=DMARC1; p=reject; rua=mailto:d@example.com; ") + wrong), "none");
  }
}

TEST(DmarcRecord, reads_all_tags_and_ignores_unknown_ones) {
  const auto record = parse_dmarc(
      "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=S; pct=25; t=y; psd=N; fo=1:d; ri=1; x=y;; "
      "rua=mailto:a@example.com!10m , https://example.com/r ,bad");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->policy, DmarcPolicy::reject);
  EXPECT_EQ(record->subdomain_policy, DmarcPolicy::quarantine);
  EXPECT_EQ(record->nonexistent_policy, DmarcPolicy::none);
  EXPECT_EQ(record->dkim, AlignmentMode::strict);
  EXPECT_EQ(record->spf, AlignmentMode::strict);
  EXPECT_EQ(record->percent, 25);
  EXPECT_TRUE(record->testing);
  EXPECT_EQ(record->public_suffix, 'n');
  EXPECT_EQ(record->aggregate_reports,
            (std::vector<std::string>{"mailto:a@example.com", "https://example.com/r"}));
}

// RFC 7489 6.3, RFC 9989 4.7: syntax errors in other tags leave the default.
TEST(DmarcRecord, other_tags_that_are_wrong_leave_the_default) {
  const auto record = parse_dmarc(
      "v=DMARC1; p=none; adkim=strict; aspf=; t=yes; psd=maybe; pct=101; no equals; =x; a-b=c; \x01=\x02");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->dkim, AlignmentMode::relaxed);
  EXPECT_EQ(record->spf, AlignmentMode::relaxed);
  EXPECT_FALSE(record->testing);
  EXPECT_EQ(record->public_suffix, 'u');
  EXPECT_EQ(record->percent, 100);
  EXPECT_FALSE(record->subdomain_policy);
  for (const char* pct : {"", "-1", "+5", "1.0", "0x1", "1000", "5 5"})
    EXPECT_EQ(parse_dmarc(std::string("v=DMARC1; p=none; pct=") + pct)->percent, 100) << pct;
  EXPECT_EQ(parse_dmarc("v=DMARC1; p=none; pct=0")->percent, 0);
}

// RFC 6376 3.2: duplicate tags make the list invalid; also unknown ones.
TEST(DmarcRecord, a_tag_twice_makes_it_invalid) {
  EXPECT_EQ(policy_of("v=DMARC1; p=none; p=none"), "invalid");
  EXPECT_EQ(policy_of("v=DMARC1; p=none; V=DMARC1"), "invalid");
  EXPECT_EQ(policy_of("v=DMARC1; p=none; x=1; X=2"), "invalid");
}

TEST(DmarcRecord, bytes_that_are_not_printable_make_a_value_wrong) {
  EXPECT_EQ(policy_of("v=DMARC1; p=none\x80"), "invalid");
  EXPECT_EQ(policy_of(std::string_view("v=DMARC1; p=no\0ne", 17)), "invalid");
  EXPECT_EQ(policy_of("v=DMARC1; p=none; x=\xff"), "none");
}

TEST(DmarcRecord, sixty_four_kibibytes_of_tags_are_read_in_no_time) {
  std::string text = "v=DMARC1; p=reject";
  for (int i = 0; text.size() < 65000; ++i) {
    std::string name;
    for (int rest = i + 1; rest > 0; rest /= 26) name += static_cast<char>('a' + rest % 26);
    text += ";zz" + name + "z=1";
  }
  EXPECT_EQ(policy_of(text), "reject");
  EXPECT_EQ(policy_of(text + ";zzbz=1"), "invalid");
}

// What the fuzzer started from: every seed is read, and what is refused says why.
TEST(DmarcRecord, reads_the_seeds_of_the_fuzzer) {
  std::size_t seeds = 0;
  for (const auto& seed :
       std::filesystem::directory_iterator(POSTERN_SOURCE_DIR "/tests/fuzz/corpus/policy_dmarc_record")) {
    std::ifstream file(seed.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto record = parse_dmarc(text);
    EXPECT_TRUE(record ? record->text == text : !record.error().message.empty()) << seed.path();
    ++seeds;
  }
  EXPECT_GE(seeds, 6U);
}

}  // namespace
}  // namespace postern::policy
