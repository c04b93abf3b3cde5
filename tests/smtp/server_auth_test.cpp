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

}  // namespace

TEST(ServerAuth, wrong_auth_in_words_of_the_driver) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  protocol.line("AUTH PLAIN AHVzZXIAcGFzcw==");
  EXPECT_EQ(protocol.auth_answer(Reply(535, "5.7.8", "Account not subscribed")).text(),
            "Account not subscribed");
  EXPECT_EQ(protocol.user(), "");
}

TEST(ServerAuth, credentials_are_handed_over_and_not_believed) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  protocol.line("AUTH LOGIN");
  EXPECT_EQ(protocol.line("dXNlcg==").action, Action::reply);
  const auto step = protocol.line("cGFzcw==");
  EXPECT_EQ(step.action, Action::check_auth);
  EXPECT_EQ(step.auth.mechanism, "LOGIN");
  EXPECT_EQ(step.auth.user, "user");
  EXPECT_EQ(step.auth.password, "pass");
  EXPECT_EQ(protocol.user(), "");
  protocol.auth_checked(false);
  EXPECT_EQ(protocol.user(), "");
}

TEST(ServerAuth, unavailable_is_no_error_of_the_client) {
  auto strict = options();
  strict.max_errors = 0;
  ServerProtocol protocol(strict);
  protocol.line("EHLO client.example");
  for (int i = 0; i < 3; ++i) {
    protocol.line("AUTH PLAIN AHVzZXIAcGFzcw==");
    EXPECT_EQ(protocol.auth_unavailable().code, 454);
  }
}

TEST(ServerAuth, user_of_a_refused_attempt_does_not_survive) {
  ServerProtocol protocol(options());
  protocol.line("EHLO client.example");
  protocol.line("AUTH PLAIN AGZpcnN0AHBhc3M=");
  protocol.auth_checked(false);
  protocol.line("AUTH PLAIN AHVzZXIAcGFzcw==");
  protocol.auth_checked(true);
  EXPECT_EQ(protocol.user(), "user");
}

}  // namespace postern::smtp
