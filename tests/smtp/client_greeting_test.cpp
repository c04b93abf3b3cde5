#include <gtest/gtest.h>

#include "postern/smtp/client_protocol.hpp"

namespace postern::smtp {
namespace {

using Action = ClientGreeting::Action;

Reply ehlo_reply(std::vector<std::string> keywords) {
  Reply reply(250, {}, "email-smtp.amazonaws.com");
  reply.lines.insert(reply.lines.end(), keywords.begin(), keywords.end());
  return reply;
}

const Reply hello(220, {}, "email-smtp.amazonaws.com ESMTP SimpleEmailService-d-X");
const Reply ses_in_clear = ehlo_reply({"8BITMIME", "STARTTLS", "AUTH PLAIN LOGIN", "Ok"});
const Reply ses_in_tls = ehlo_reply({"8BITMIME", "AUTH PLAIN LOGIN", "Ok"});

ClientOptions options() {
  ClientOptions options;
  options.helo = "relay.example.com";
  options.start_tls = true;
  options.username = "user";
  options.password = "pass";
  return options;
}

void expect_send(const ClientGreeting::Step& step, std::string_view bytes) {
  EXPECT_EQ(step.action, Action::send);
  EXPECT_EQ(step.bytes, bytes);
}

// A greeting that has come as far as the EHLO reply.
ClientGreeting greeted(const ClientOptions& with) {
  ClientGreeting greeting(with);
  expect_send(greeting.step(hello), "EHLO relay.example.com\r\n");
  return greeting;
}

ClientOptions encrypted() {
  auto with = options();
  with.start_tls = false;
  with.encrypted = true;
  return with;
}

}  // namespace

TEST(ClientGreeting, ses_with_starttls_and_auth_plain) {
  auto greeting = greeted(options());
  expect_send(greeting.step(ses_in_clear), "STARTTLS\r\n");
  EXPECT_EQ(greeting.phase(), "STARTTLS");
  EXPECT_EQ(greeting.step(Reply(220, {}, "Ready to start TLS")).action, Action::start_tls);
  expect_send(greeting.tls_started(), "EHLO relay.example.com\r\n");
  expect_send(greeting.step(ses_in_tls), "AUTH PLAIN AHVzZXIAcGFzcw==\r\n");
  EXPECT_EQ(greeting.phase(), "AUTH");
  EXPECT_EQ(greeting.step(Reply(235, {}, "Authentication successful.")).action, Action::ready);
  EXPECT_TRUE(greeting.capabilities().eight_bit_mime);
  EXPECT_FALSE(greeting.capabilities().pipelining);
  EXPECT_FALSE(greeting.capabilities().size);
}

TEST(ClientGreeting, capabilities_said_in_clear_are_forgotten) {
  auto greeting = greeted(options());
  greeting.step(ehlo_reply({"STARTTLS", "PIPELINING", "AUTH PLAIN"}));
  greeting.step(Reply(220, {}, "go"));
  greeting.tls_started();
  EXPECT_EQ(greeting.step(ehlo_reply({"AUTH LOGIN"})).bytes, "AUTH LOGIN\r\n");
  EXPECT_FALSE(greeting.capabilities().pipelining);
}

TEST(ClientGreeting, auth_login_where_plain_is_not_offered) {
  auto greeting = greeted(encrypted());
  expect_send(greeting.step(ehlo_reply({"AUTH=LOGIN CRAM-MD5"})), "AUTH LOGIN\r\n");
  expect_send(greeting.step(Reply(334, {}, "VXNlcm5hbWU6")), "dXNlcg==\r\n");
  expect_send(greeting.step(Reply(334, {}, "UGFzc3dvcmQ6")), "cGFzcw==\r\n");
  EXPECT_EQ(greeting.step(Reply(235, {}, "ok")).action, Action::ready);
}

TEST(ClientGreeting, long_plain_response_waits_for_the_challenge) {
  auto with = encrypted();
  with.password = std::string(600, 'p');
  auto greeting = greeted(with);
  expect_send(greeting.step(ses_in_tls), "AUTH PLAIN\r\n");
  const auto step = greeting.step(Reply(334, {}, ""));
  EXPECT_EQ(step.action, Action::send);
  EXPECT_GT(step.bytes.size(), 800U);
  EXPECT_EQ(greeting.step(Reply(334, {}, "")).action, Action::failed) << "a server that asks for ever";
}

TEST(ClientGreeting, no_password_in_clear) {
  auto with = options();
  with.start_tls = false;
  auto greeting = greeted(with);
  EXPECT_EQ(greeting.step(ses_in_clear).action, Action::failed);
  EXPECT_EQ(greeting.failure().code, 0);
  EXPECT_EQ(greeting.phase(), "AUTH");
  with.plaintext_auth = true;
  auto allowed = greeted(with);
  EXPECT_EQ(allowed.step(ses_in_clear).bytes, "AUTH PLAIN AHVzZXIAcGFzcw==\r\n");
}

TEST(ClientGreeting, starttls_that_is_not_offered_fails) {
  auto greeting = greeted(options());
  EXPECT_EQ(greeting.step(ses_in_tls).action, Action::failed);
  EXPECT_EQ(greeting.phase(), "STARTTLS");
  EXPECT_EQ(greeting.failure().to_string(), "STARTTLS is not offered");
}

TEST(ClientGreeting, starttls_refused_fails_with_the_reply) {
  auto greeting = greeted(options());
  greeting.step(ses_in_clear);
  EXPECT_EQ(greeting.step(Reply(454, {}, "not now")).action, Action::failed);
  EXPECT_EQ(greeting.failure().code, 454);
}

TEST(ClientGreeting, helo_where_ehlo_is_refused) {
  ClientOptions with;
  with.helo = "relay.example.com";
  auto greeting = greeted(with);
  expect_send(greeting.step(Reply(502, "5.5.2", "unknown")), "HELO relay.example.com\r\n");
  EXPECT_EQ(greeting.step(Reply(250, {}, "hello")).action, Action::ready);
  EXPECT_FALSE(greeting.capabilities().eight_bit_mime);
}

TEST(ClientGreeting, helo_server_gets_no_password) {
  auto greeting = greeted(encrypted());
  greeting.step(Reply(500, {}, "what?"));
  EXPECT_EQ(greeting.step(Reply(250, {}, "hello")).action, Action::failed);
  EXPECT_EQ(greeting.phase(), "AUTH");
}

TEST(ClientGreeting, refusals_end_it_in_their_phase) {
  ClientGreeting busy(options());
  EXPECT_EQ(busy.step(Reply(421, {}, "Too many concurrent SMTP connections")).action, Action::failed);
  EXPECT_EQ(busy.phase(), "greeting");
  EXPECT_EQ(busy.failure().code, 421);
  auto shut = greeted(options());
  EXPECT_EQ(shut.step(Reply(421, {}, "closing")).action, Action::failed);
  EXPECT_EQ(shut.phase(), "EHLO");
  auto wrong = greeted(encrypted());
  wrong.step(ses_in_tls);
  EXPECT_EQ(wrong.step(Reply(535, {}, "Authentication Credentials Invalid")).action, Action::failed);
  EXPECT_EQ(wrong.phase(), "AUTH");
  EXPECT_EQ(wrong.failure().code, 535);
}

TEST(ClientGreeting, no_auth_without_user) {
  auto with = encrypted();
  with.username.clear();
  auto greeting = greeted(with);
  EXPECT_EQ(greeting.step(ses_in_tls).action, Action::ready);
}

TEST(Capabilities, are_read_without_case_and_with_noise) {
  const auto found = parse_capabilities(ehlo_reply(
      {"pipelining", "SIZE 10485760", "starttls", " AUTH  plain ", "XCLIENT NAME", "", "Ok", "SIZE"}));
  EXPECT_TRUE(found.pipelining && found.size && found.start_tls && found.auth_plain);
  EXPECT_FALSE(found.auth_login || found.eight_bit_mime);
  // the first line is the name of the host
  EXPECT_FALSE(parse_capabilities(Reply(250, {}, "PIPELINING")).pipelining);
  EXPECT_FALSE(parse_capabilities(Reply()).pipelining);
}

}  // namespace postern::smtp
