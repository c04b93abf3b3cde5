#include "sandbox/content.hpp"

#include <gtest/gtest.h>

#include "sandbox/ses_id.hpp"
#include "support/manual_clock.hpp"

namespace postern::sandbox {
namespace {

const std::string plain = "From: a@example.com\r\nTo: b@example.net\r\nSubject: x\r\n\r\nbody\r\n";

std::string refusal(const std::string& message, const Options& options = {},
                    const Envelope& envelope = {"a@example.com", {"b@example.net"}}) {
  const auto content = read_content(message);
  if (!content) return content.error().message;
  const auto reply = refuse_content(*content, envelope, options);
  return reply ? reply->to_string() : "";
}

Options verified(std::vector<std::string> identities) {
  Options options;
  options.verified = std::move(identities);
  options.region = "us-east-1";
  return options;
}

}  // namespace

TEST(Content, plain_message_passes) {
  EXPECT_EQ(refusal(plain), "");
}

TEST(Content, second_once_only_field_is_refused_by_its_name) {
  EXPECT_EQ(refusal("dkim-signature: a\r\nDKIM-Signature: b\r\n" + plain),
            "554 Transaction failed: Duplicate header 'DKIM-Signature'.");
  EXPECT_EQ(refusal("SUBJECT: y\r\n" + plain), "554 Transaction failed: Duplicate header 'Subject'.");
  EXPECT_EQ(refusal("Received: a\r\nReceived: b\r\nX-App: 1\r\nX-App: 2\r\n" + plain), "");
}

TEST(Content, fifty_recipients_pass_and_one_more_does_not) {
  Envelope envelope{"a@example.com", std::vector<std::string>(50, "b@example.net")};
  EXPECT_EQ(refusal(plain, {}, envelope), "");
  envelope.to.emplace_back("c@example.net");
  EXPECT_EQ(refusal(plain, {}, envelope), "554 Transaction failed: Recipient count exceeds 50");
}

TEST(Content, one_recipient_without_domain_fails_all) {
  EXPECT_EQ(refusal(plain, {}, {"a@example.com", {"b@example.net", "root"}}),
            "554 Transaction failed: Missing final '@domain'");
}

TEST(Content, from_is_required) {
  EXPECT_EQ(refusal("Subject: x\r\n\r\nbody\r\n"), "554 Transaction failed: Missing required header 'From'.");
  EXPECT_EQ(refusal("\r\nbody\r\n"), "554 Transaction failed: Missing required header 'From'.");
}

TEST(Content, header_section_that_is_none_is_refused) {
  EXPECT_NE(refusal("From: a@example.com\nSubject: bare\n\nbody\r\n"), "");
  EXPECT_NE(refusal("just text\r\n"), "");
}

TEST(Content, verified_domain_covers_subdomains_and_any_case) {
  const auto options = verified({"Example.COM", "one@example.org"});
  EXPECT_EQ(refusal(plain, options), "");
  EXPECT_EQ(refusal("From: x <A@Mail.example.com>\r\n\r\n", options, {"ONE@example.org", {"b@example.net"}}),
            "");
  EXPECT_NE(refusal("From: a@notexample.com\r\n\r\n", options), "");
}

TEST(Content, identities_that_fail_are_listed_once_each) {
  EXPECT_EQ(
      refusal("From: a@x.test\r\nSender: s@y.test\r\nReturn-Path: <a@x.test>\r\n\r\n", verified({"z.test"}),
              {"m@w.test", {"b@example.net"}}),
      "554 Message rejected: Email address is not verified. The following identities failed the check in "
      "region US-EAST-1: a@x.test, s@y.test, m@w.test");
}

TEST(Content, message_id_and_date_are_replaced_where_they_stand) {
  support::ManualClock clock;
  auto content =
      read_content("Message-Id: <old@app>\r\nFrom: a@example.com\r\nDate: yesterday\r\nX: 1\r\n\r\nb\r\n");
  ASSERT_TRUE(content);
  EXPECT_EQ(deliverable(std::move(*content), "0106-id", "ap-northeast-1", clock.wall_now()),
            "Message-Id: <0106-id@ap-northeast-1.amazonses.com>\r\nFrom: a@example.com\r\n"
            "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nX: 1\r\n\r\nb\r\n");
}

TEST(Content, message_id_and_date_are_added_and_the_body_is_untouched) {
  support::ManualClock clock;
  auto content = read_content("From: a@example.com\r\n\r\n.\r\n\r\nno end");
  ASSERT_TRUE(content);
  EXPECT_EQ(deliverable(std::move(*content), "id", "us-east-1", clock.wall_now()),
            "From: a@example.com\r\nMessage-ID: <id@email.amazonses.com>\r\n"
            "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n.\r\n\r\nno end");
}

TEST(Content, header_without_body) {
  support::ManualClock clock;
  auto content = read_content("From: a@example.com\r\n");
  ASSERT_TRUE(content);
  EXPECT_EQ(content->body, "");
}

TEST(Sender, has_a_domain_with_a_dot) {
  EXPECT_TRUE(is_sender("a@example.com"));
  for (const auto* bad : {"", "root", "root@localhost", "AKIAXXXX"}) EXPECT_FALSE(is_sender(bad)) << bad;
}

TEST(SesId, has_region_and_time_in_front) {
  support::ManualClock clock;
  base::SeededRandom random(1);
  const auto id = make_ses_id("ap-northeast-1", clock.wall_now(), random);
  EXPECT_EQ(id.size(), 60U);
  EXPECT_TRUE(id.starts_with("0106")) << id;
  EXPECT_EQ(std::stoll(id.substr(4, 12), nullptr, 16), clock.wall_now().time_since_epoch().count());
  EXPECT_TRUE(id.ends_with("-000000"));
  EXPECT_NE(make_ses_id("ap-northeast-1", clock.wall_now(), random), id);
  EXPECT_TRUE(make_ses_id("us-east-1", clock.wall_now(), random).starts_with("0100"));
}

}  // namespace postern::sandbox
