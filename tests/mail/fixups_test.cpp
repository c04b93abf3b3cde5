#include "postern/mail/fixups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postern/mail/address.hpp"

namespace postern::mail {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const FixupOptions options{true, 50, "mail.example.com"};

Trace trace() {
  Trace out;
  out.helo = "app.local";
  out.client = "127.0.0.1";
  out.protocol = "ESMTP";
  out.id = "0QGXY2S9KABCDEFG";
  out.sender = "app@example.com";
  out.when = base::from_rfc3339("2026-11-24T10:15:30Z").value();
  return out;
}

const std::string complete =
    "From: a@example.com\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n";
const std::string received =
    "Received: from app.local ([127.0.0.1])\r\n\tby mail.example.com (postern) with ESMTP id "
    "0QGXY2S9KABCDEFG;\r\n"
    "\tTue, 24 Nov 2026 10:15:30 +0000\r\n";

std::string fixed(std::string_view bytes, const Trace& from = trace(), const FixupOptions& how = options,
                  const RewriteRules& rules = {}) {
  auto header = HeaderBlock::parse(bytes).value();
  const auto done = fix(header, how, rules, from);
  return done.has_value() ? header.bytes() : "refused: " + done.error().detail;
}

TEST(Fixups, prepend_one_received_and_leave_the_rest) {
  const std::string odd = "x-Odd :\tkept \r\n as is\xF6\r\n";
  EXPECT_EQ(fixed(odd + complete), received + odd + complete);
}

TEST(Fixups, add_date_message_id_and_from_before_what_is_there) {
  EXPECT_EQ(fixed("Subject: x\r\n"), received +
                                         "Date: Tue, 24 Nov 2026 10:15:30 +0000\r\n"
                                         "Message-ID: <0QGXY2S9KABCDEFG@mail.example.com>\r\n"
                                         "From: app@example.com\r\nSubject: x\r\n");
}

TEST(Fixups, close_the_quote_of_a_from_before_it_is_rewritten) {
  const std::string rest = complete.substr(complete.find("Date"));
  EXPECT_EQ(fixed("From: \"abc <a@example.com>\r\n" + rest),
            received + "From: \"abc\" <a@example.com>\r\n" + rest);
  RewriteRules rules;
  rules.default_domain = "example.com";
  rules.from = {{"root@*", "ops@example.com"}};
  EXPECT_EQ(fixed("From: \"Cron <root>\r\n" + rest, trace(), options, rules),
            received + "From: \"Cron\" <ops@example.com>\r\n" + rest);
}

TEST(Fixups, keep_a_blank_first_line_as_a_continuation) {
  EXPECT_EQ(fixed("    \r\n" + complete), received + "    \r\n" + complete);
}

TEST(Fixups, make_a_header_of_nothing) {
  EXPECT_THAT(fixed(""), HasSubstr("\r\nFrom: app@example.com\r\n"));
}

TEST(Fixups, add_mime_version_only_to_what_uses_mime) {
  EXPECT_THAT(fixed(complete + "Content-Type: text/plain\r\n"), HasSubstr("\r\nMIME-Version: 1.0\r\n"));
  EXPECT_THAT(fixed(complete + "content-transfer-encoding: 8bit\r\n"),
              HasSubstr("\r\nMIME-Version: 1.0\r\n"));
  EXPECT_THAT(fixed(complete), Not(HasSubstr("MIME-Version")));
  EXPECT_EQ(fixed(complete + "Mime-version: 1.0\r\nContent-Type: text/plain\r\n"),
            received + complete + "Mime-version: 1.0\r\nContent-Type: text/plain\r\n");
}

TEST(Fixups, add_nothing_when_told_so) {
  FixupOptions bare = options;
  bare.add_missing = false;
  EXPECT_EQ(fixed("From: a@b\r\nContent-Type: text/plain\r\n", trace(), bare),
            received + "From: a@b\r\nContent-Type: text/plain\r\n");
}

TEST(Fixups, remove_bcc_and_every_signature_of_the_app) {
  EXPECT_EQ(fixed("DKIM-Signature: a\r\n b\r\nBcc: x@y\r\nResent-Bcc: z@y\r\n" + complete +
                  "dkim-signature: c\r\nBCC :\r\nDKIM-Signature-Not: kept\r\n"),
            received + complete + "DKIM-Signature-Not: kept\r\n");
}

TEST(Fixups, leave_the_control_headers_of_ses) {
  const std::string ses = "X-SES-SOURCE-ARN: arn:aws:ses:x\r\nX-SES-MESSAGE-TAGS: a=b\r\n";
  EXPECT_EQ(fixed(complete + ses), received + complete + ses);
}

TEST(Fixups, refuse_mail_that_has_gone_round) {
  FixupOptions few = options;
  few.max_hops = 2;
  const std::string hop = "Received: by x\r\n";
  EXPECT_EQ(fixed(hop + hop + complete, trace(), few), received + hop + hop + complete);
  auto header = HeaderBlock::parse(hop + hop + hop + complete).value();
  const auto done = fix(header, few, {}, trace());
  ASSERT_TRUE(done.has_error());
  EXPECT_EQ(done.error().why, Refusal::too_many_hops);
  EXPECT_EQ(done.error().detail, "3 Received fields");
}

TEST(Fixups, refuse_two_from_fields) {
  auto header = HeaderBlock::parse(complete + "from : b@example.com\r\n").value();
  const auto done = fix(header, options, {}, trace());
  ASSERT_TRUE(done.has_error());
  EXPECT_EQ(done.error().why, Refusal::malformed_header);
  EXPECT_EQ(done.error().detail, "2 From fields");
  EXPECT_THROW(done.value(), std::runtime_error);
}

TEST(Fixups, refuse_a_message_without_from_when_none_can_be_made) {
  auto header = HeaderBlock::parse("Subject: x\r\n").value();
  Trace nobody = trace();
  nobody.sender.clear();
  const auto done = fix(header, options, {}, nobody);
  ASSERT_TRUE(done.has_error());
  EXPECT_EQ(done.error().why, Refusal::no_from);
  FixupOptions bare = options;
  bare.add_missing = false;
  auto again = HeaderBlock::parse("Subject: x\r\n").value();
  const auto refused = fix(again, bare, {}, trace());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().why, Refusal::no_from);
}

TEST(Fixups, rewrite_what_is_there_and_the_from_that_they_make) {
  RewriteRules rules;
  rules.from = {{"app@*", "noreply@example.com", true}};
  EXPECT_THAT(fixed("From: App <app@h>\r\n", trace(), options, rules),
              HasSubstr("From: App <noreply@example.com>\r\nReply-To: App <app@h>\r\n"));
  EXPECT_THAT(fixed("Subject: x\r\n", trace(), options, rules),
              HasSubstr("From: noreply@example.com\r\nSubject: x\r\nReply-To: app@example.com\r\n"));
}

TEST(Received, names_the_single_recipient) {
  Trace one = trace();
  one.single_recipient = "bob@example.com";
  EXPECT_THAT(fixed(complete, one),
              HasSubstr("id 0QGXY2S9KABCDEFG\r\n\tfor <bob@example.com>;\r\n\tTue, 24"));
  one.single_recipient = "bob\r\nEvil: x@example.com";
  EXPECT_THAT(fixed(complete, one), StartsWith(received));
}

TEST(Received, writes_addresses_as_rfc_5321_wants_them) {
  Trace six = trace();
  six.client = "2001:db8::1";
  EXPECT_THAT(fixed(complete, six), HasSubstr("from app.local ([IPv6:2001:db8::1])\r\n"));
  six.helo.clear();
  EXPECT_THAT(fixed(complete, six), HasSubstr("from unknown ([IPv6:2001:db8::1])\r\n"));
}

TEST(Received, has_no_from_for_a_local_submission) {
  Trace local = trace();
  local.helo.clear();
  local.client.clear();
  EXPECT_THAT(fixed(complete, local), StartsWith("Received: by mail.example.com (postern) with ESMTP id"));
}

TEST(Received, lets_no_helo_break_out_of_its_place) {
  Trace rude = trace();
  rude.helo = "x)\r\nEvil: (y; z\x01\xF6 \"";
  const std::string out = fixed(complete, rude);
  EXPECT_THAT(out, StartsWith("Received: from x???Evil:??y??z"));
  EXPECT_EQ(HeaderBlock::parse(out).value().fields().size(), 4U);
  rude.helo = std::string(5000, 'h');
  EXPECT_THAT(fixed(complete, rude), StartsWith("Received: from " + std::string(255, 'h') + " ("));
}

TEST(Received, keeps_literals_and_odd_host_names) {
  Trace from = trace();
  from.helo = "[IPv6:::1]";
  EXPECT_THAT(fixed(complete, from), StartsWith("Received: from [IPv6:::1] ("));
  from.helo = "my_host-1.local";
  EXPECT_THAT(fixed(complete, from), StartsWith("Received: from my_host-1.local ("));
}

}  // namespace
}  // namespace postern::mail
