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

}  // namespace

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

}  // namespace postern::smtp
