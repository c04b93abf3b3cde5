// What a dialogue does not show: what the steps and the object carry for the driver. What is said:
// tests/dialogs.
#include "postern/smtp/server_protocol.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

ServerOptions options() {
  ServerOptions options;
  options.hostname = "mail.example.com";
  options.offer_auth = true;
  return options;
}

Reply accepted() {
  Reply reply;
  reply.code = 250;
  return reply;
}

}  // namespace

TEST(ServerTransaction, steps_carry_the_commands) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  const auto mail = protocol.line("MAIL FROM:<@hop.example:a@example.com> SIZE=77 BODY=8BITMIME");
  EXPECT_EQ(mail.action, Action::check_sender);
  EXPECT_EQ(mail.mail.path, "a@example.com");
  EXPECT_EQ(mail.mail.size, 77U);
  EXPECT_TRUE(mail.mail.eight_bit);
  EXPECT_FALSE(protocol.in_transaction());
  protocol.sender_checked(accepted());
  EXPECT_TRUE(protocol.in_transaction());
  const auto rcpt = protocol.line("RCPT TO:<root>");
  EXPECT_EQ(rcpt.action, Action::check_recipient);
  EXPECT_EQ(rcpt.rcpt.path, "root");
  EXPECT_EQ(protocol.recipients(), 0U);
  protocol.recipient_checked(accepted());
  EXPECT_EQ(protocol.recipients(), 1U);
  EXPECT_EQ(protocol.line("DATA").action, Action::read_body);
  protocol.body_done();
  EXPECT_FALSE(protocol.in_transaction());
  EXPECT_EQ(protocol.recipients(), 0U);
}

TEST(ServerTransaction, size_is_unknown_when_not_said) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  EXPECT_EQ(protocol.line("MAIL FROM:<>").mail.size, std::nullopt);
}

TEST(ServerTransaction, verdicts_are_passed_on_as_they_are) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  protocol.line("MAIL FROM:<a@example.com>");
  protocol.sender_checked(accepted());
  protocol.line("RCPT TO:<b@example.com>");
  EXPECT_EQ(protocol.recipient_checked(Reply(250, "2.1.5", "suppressed")).text(), "suppressed");
  EXPECT_EQ(protocol.recipients(), 1U);
  protocol.line("RCPT TO:<c@example.com>");
  EXPECT_EQ(protocol.recipient_checked(Reply(451, "4.3.0", "later")).to_string(), "451 4.3.0 later");
  EXPECT_EQ(protocol.recipients(), 1U);
}

}  // namespace postern::smtp
