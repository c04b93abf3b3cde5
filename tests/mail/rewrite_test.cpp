#include "postern/mail/rewrite.hpp"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

RewriteRules contract_rules() {
  RewriteRules rules;
  rules.default_domain = "example.com";
  rules.sender = {{"root@*", "ops@example.com"}};
  rules.from = {{"*@*.internal", "noreply@example.com", true}};
  rules.null_sender = "bounces@example.com";
  return rules;
}

std::string rewritten_header(const RewriteRules& rules, std::string_view bytes) {
  auto header = HeaderBlock::parse(bytes).value();
  EXPECT_TRUE(rewrite_header(rules, header).has_value());
  return header.bytes();
}

TEST(RewriteSender, applies_the_default_domain_before_the_rules) {
  EXPECT_EQ(rewrite_sender(contract_rules(), "root"), "ops@example.com");
  EXPECT_EQ(rewrite_sender(contract_rules(), "alice"), "alice@example.com");
  EXPECT_EQ(rewrite_sender(contract_rules(), "alice@other.example"), "alice@other.example");
  EXPECT_EQ(rewrite_sender(contract_rules(), "\"a@b\""), "\"a@b\"@example.com");
}

TEST(RewriteSender, takes_the_first_rule_that_matches) {
  RewriteRules rules;
  rules.sender = {{"a@*", "first@x.example"}, {"*", "second@x.example"}};
  EXPECT_EQ(rewrite_sender(rules, "A@b.example"), "first@x.example");
  EXPECT_EQ(rewrite_sender(rules, "b@b.example"), "second@x.example");
  EXPECT_EQ(rewrite_sender(rules, "b"), "second@x.example");
}

TEST(RewriteSender, gives_the_null_sender_its_address_or_refuses_it) {
  EXPECT_EQ(rewrite_sender(contract_rules(), ""), "bounces@example.com");
  RewriteRules rules;
  rules.sender = {{"*", "x@y.example"}};
  EXPECT_EQ(rewrite_sender(rules, ""), std::nullopt);
}

TEST(RewriteSender, without_rules_changes_nothing) {
  EXPECT_EQ(rewrite_sender({}, "Root@Host"), "Root@Host");
  EXPECT_EQ(rewrite_sender({}, "root"), "root");
}

TEST(RewriteRecipient, gets_the_default_domain_but_no_rule) {
  EXPECT_EQ(rewrite_recipient(contract_rules(), "root"), "root@example.com");
  EXPECT_EQ(rewrite_recipient(contract_rules(), "root@host"), "root@host");
}

TEST(RewriteRecipient, goes_to_one_address_on_a_test_stage) {
  auto rules = contract_rules();
  rules.redirect_all_to = "test@example.com";
  EXPECT_EQ(rewrite_recipient(rules, "a@b"), "test@example.com");
}

TEST(RewriteHeader, without_rules_leaves_every_byte) {
  const std::string bytes = "From:root\r\nTo: a,b\r\nReturn-Path:<>\r\n";
  EXPECT_EQ(rewritten_header({}, bytes), bytes);
}

TEST(RewriteHeader, keeps_display_names_comments_and_folding) {
  EXPECT_EQ(
      rewritten_header(contract_rules(), "From: Cron\r\n Daemon <root> (x)\r\nSender:\"R\" <root@h>\r\n"),
      "From: Cron\r\n Daemon <root@example.com> (x)\r\nSender: \"R\" <ops@example.com>\r\n");
}

TEST(RewriteHeader, uses_the_sender_rules_for_sender_and_return_path_only) {
  EXPECT_EQ(rewritten_header(contract_rules(),
                             "From: root@h\r\nSender: root@h\r\nReturn-Path: <root@h>\r\nTo: root@h\r\n"),
            "From: root@h\r\nSender: ops@example.com\r\nReturn-Path: <ops@example.com>\r\nTo: root@h\r\n");
}

TEST(RewriteHeader, gives_to_cc_and_reply_to_the_default_domain) {
  EXPECT_EQ(rewritten_header(contract_rules(), "To: a, B <b@x>\r\nCc: g: c;\r\nReply-To: d\r\nX-To: e\r\n"),
            "To: a@example.com, B <b@x>\r\nCc: g: c@example.com;\r\nReply-To: d@example.com\r\nX-To: e\r\n");
}

TEST(RewriteHeader, keeps_the_old_from_as_reply_to) {
  EXPECT_EQ(rewritten_header(contract_rules(), "From: Al <al@h.internal>\r\nTo: b@x\r\n"),
            "From: Al <noreply@example.com>\r\nTo: b@x\r\nReply-To: Al <al@h.internal>\r\n");
}

TEST(RewriteHeader, completes_the_reply_to_it_makes) {
  RewriteRules rules = contract_rules();
  rules.from = {{"root@example.com", "ops@example.com", true}};
  EXPECT_EQ(rewritten_header(rules, "From: root (Cron)\r\n"),
            "From: ops@example.com (Cron)\r\nReply-To: root@example.com (Cron)\r\n");
}

TEST(RewriteHeader, does_not_add_a_second_reply_to) {
  EXPECT_EQ(rewritten_header(contract_rules(), "From: al@h.internal\r\nreply-to: x@y\r\n"),
            "From: noreply@example.com\r\nreply-to: x@y\r\n");
}

TEST(RewriteHeader, adds_no_reply_to_unless_the_rule_asks_for_it) {
  RewriteRules rules;
  rules.from = {{"a@*", "n@example.com"}};
  EXPECT_EQ(rewritten_header(rules, "From: a@h\r\n"), "From: n@example.com\r\n");
}

TEST(RewriteHeader, rewrites_each_of_several_from_addresses) {
  EXPECT_EQ(rewritten_header(contract_rules(), "From: a@x.example, B <b@h.internal>, c\r\nReply-To: r@x\r\n"),
            "From: a@x.example, B <noreply@example.com>, c@example.com\r\nReply-To: r@x\r\n");
}

TEST(RewriteHeader, leaves_what_it_cannot_read) {
  const std::string bytes = "From: not an address\r\nSender: <>\r\nTo: a@@b\r\n";
  EXPECT_EQ(rewritten_header(contract_rules(), bytes), bytes);
}

TEST(RewriteHeader, replaces_the_null_return_path_when_it_may) {
  EXPECT_EQ(rewritten_header(contract_rules(), "Return-Path: <>\r\n"),
            "Return-Path: <bounces@example.com>\r\n");
  auto rules = contract_rules();
  rules.null_sender.clear();
  EXPECT_EQ(rewritten_header(rules, "Return-Path: <>\r\n"), "Return-Path: <>\r\n");
}

}  // namespace
}  // namespace postern::mail
