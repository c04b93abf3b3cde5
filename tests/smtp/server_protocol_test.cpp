// What a dialogue does not show: what the steps and the object carry for the driver.
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

TEST(ServerProtocol, steps_carry_the_commands) {
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

TEST(ServerProtocol, size_is_unknown_when_not_said) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  EXPECT_EQ(protocol.line("MAIL FROM:<>").mail.size, std::nullopt);
}

TEST(ServerProtocol, verdicts_are_passed_on_as_they_are) {
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

TEST(ServerProtocol, names_the_protocol_as_in_rfc_3848) {
  ServerProtocol protocol(options());
  protocol.line("HELO client.example");
  EXPECT_EQ(protocol.protocol_name(), "SMTP");
  protocol.line("EHLO client.example");
  EXPECT_EQ(protocol.protocol_name(), "ESMTP");
  const auto auth = protocol.line("AUTH PLAIN AHVzZXIAcGFzcw==");
  EXPECT_EQ(auth.action, Action::check_auth);
  EXPECT_EQ(auth.auth.mechanism, "PLAIN");
  EXPECT_EQ(auth.auth.user, "user");
  EXPECT_EQ(auth.auth.password, "pass");
  EXPECT_EQ(protocol.user(), "");
  protocol.auth_checked(true);
  EXPECT_EQ(protocol.user(), "user");
  EXPECT_EQ(protocol.protocol_name(), "ESMTPA");
  protocol.tls_started();
  EXPECT_EQ(protocol.user(), "");
  EXPECT_EQ(protocol.helo(), "");
  protocol.line("EHLO client.example");
  EXPECT_EQ(protocol.protocol_name(), "ESMTPS");
  protocol.line("AUTH PLAIN AHVzZXIAcGFzcw==");
  protocol.auth_checked(true);
  EXPECT_EQ(protocol.protocol_name(), "ESMTPSA");
}

TEST(ServerProtocol, name_of_the_client_is_safe_in_a_header) {
  ServerProtocol protocol(options());
  protocol.line("EHLO my_host (by <evil>; \"x\" more");
  EXPECT_EQ(protocol.helo(), "my_host");
  protocol.line("EHLO (by<evil>;\"x\")");
  EXPECT_EQ(protocol.helo(), "?by?evil???x??");
  protocol.line("EHLO " + std::string(1000, 'x'));
  EXPECT_EQ(protocol.helo().size(), 255U);
}

TEST(ServerProtocol, hostname_and_text_greet) {
  EXPECT_EQ(render(ServerProtocol(options()).greeting()), "220 mail.example.com ESMTP postern\r\n");
}

TEST(ServerProtocol, wrong_auth_in_words_of_the_driver) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  protocol.line("AUTH PLAIN AHVzZXIAcGFzcw==");
  EXPECT_EQ(protocol.auth_answer(Reply(535, "5.7.8", "Account not subscribed")).text(),
            "Account not subscribed");
  EXPECT_EQ(protocol.user(), "");
}

}  // namespace postern::smtp
