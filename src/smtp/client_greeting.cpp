#include <utility>

#include "base64.hpp"
#include "postern/base/text.hpp"
#include "postern/smtp/client_protocol.hpp"
#include "text.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t longest_command = 510;  // RFC 5321 4.5.3.1.4, without CRLF

std::string plain_response(const ClientOptions& options) {
  std::string response(1, '\0');
  response.append(options.username).append(1, '\0').append(options.password);
  return base64_encode(response);
}

// "AUTH PLAIN LOGIN", and the "AUTH=PLAIN LOGIN" of old servers.
void take_mechanisms(std::string_view words, ClientCapabilities& into) {
  while (!words.empty()) {
    const auto mechanism = take_word(words);
    if (base::equals_ignoring_case(mechanism, "PLAIN")) into.auth_plain = true;
    if (base::equals_ignoring_case(mechanism, "LOGIN")) into.auth_login = true;
  }
}

void take_keyword(std::string_view line, ClientCapabilities& into) {
  constexpr std::string_view old_auth = "AUTH=";
  if (base::equals_ignoring_case(line.substr(0, old_auth.size()), old_auth))
    return take_mechanisms(line.substr(old_auth.size()), into);
  const auto keyword = take_word(line);
  const auto is = [keyword](std::string_view name) { return base::equals_ignoring_case(keyword, name); };
  if (is("STARTTLS")) into.start_tls = true;
  if (is("PIPELINING")) into.pipelining = true;
  if (is("8BITMIME")) into.eight_bit_mime = true;
  if (is("SIZE")) into.size = true;
  if (is("AUTH")) take_mechanisms(line, into);
}

}  // namespace

ClientCapabilities parse_capabilities(const Reply& ehlo) {
  ClientCapabilities capabilities;
  for (std::size_t i = 1; i < ehlo.lines.size(); ++i) take_keyword(base::trim(ehlo.lines[i]), capabilities);
  return capabilities;
}

ClientGreeting::ClientGreeting(ClientOptions options)
    : options_(std::move(options)), encrypted_(options_.encrypted) {}

ClientGreeting::Step ClientGreeting::step(const Reply& reply) {
  switch (phase_) {
    case Phase::greeting:
      return reply.code == 220 ? say_hello(Phase::ehlo, "EHLO ") : fail(reply);
    case Phase::ehlo:
      if (reply.permanent()) return say_hello(Phase::helo, "HELO ");  // RFC 5321 3.2
      if (reply.code != 250) return fail(reply);
      capabilities_ = parse_capabilities(reply);
      return greeted();
    case Phase::helo:
      return reply.code == 250 ? greeted() : fail(reply);
    case Phase::starttls:
      return reply.code == 220 ? Step{Action::start_tls, {}} : fail(reply);
    case Phase::auth_plain:
    case Phase::auth_user:
    case Phase::auth_password:
    case Phase::auth_last:
      return auth_reply(reply);
    case Phase::ready:
      break;
  }
  return {Action::ready, {}};
}

// What was said in clear counts for nothing now (RFC 3207 4.2).
ClientGreeting::Step ClientGreeting::tls_started() {
  encrypted_ = true;
  capabilities_ = ClientCapabilities();
  return say_hello(Phase::ehlo, "EHLO ");
}

ClientGreeting::Step ClientGreeting::greeted() {
  if (options_.start_tls && !encrypted_) {
    if (capabilities_.start_tls) return send(Phase::starttls, "STARTTLS\r\n");
    phase_ = Phase::starttls;
    return fail(Reply(0, {}, "STARTTLS is not offered"));
  }
  if (!options_.username.empty()) return authenticate();
  phase_ = Phase::ready;
  return {Action::ready, {}};
}

ClientGreeting::Step ClientGreeting::authenticate() {
  phase_ = Phase::auth_plain;
  if (!encrypted_ && !options_.plaintext_auth)
    return fail(Reply(0, {}, "no AUTH without TLS: the password would go in clear"));
  if (capabilities_.auth_plain) {
    std::string command = "AUTH PLAIN " + plain_response(options_);
    if (command.size() > longest_command) command = "AUTH PLAIN";  // the response comes after the 334
    return send(Phase::auth_plain, command + "\r\n");
  }
  if (capabilities_.auth_login) return send(Phase::auth_user, "AUTH LOGIN\r\n");
  return fail(Reply(0, {}, "neither AUTH PLAIN nor AUTH LOGIN is offered"));
}

ClientGreeting::Step ClientGreeting::auth_reply(const Reply& reply) {
  const auto phase = phase_;
  if (reply.code == 334 && phase == Phase::auth_plain)
    return send(Phase::auth_last, plain_response(options_) + "\r\n");
  if (reply.code == 334 && phase == Phase::auth_user)
    return send(Phase::auth_password, base64_encode(options_.username) + "\r\n");
  if (reply.code == 334 && phase == Phase::auth_password)
    return send(Phase::auth_last, base64_encode(options_.password) + "\r\n");
  if (reply.code != 235) return fail(reply);
  phase_ = Phase::ready;
  return {Action::ready, {}};
}

ClientGreeting::Step ClientGreeting::say_hello(Phase phase, std::string_view verb) {
  return send(phase, std::string(verb).append(options_.helo).append("\r\n"));
}

ClientGreeting::Step ClientGreeting::send(Phase phase, std::string bytes) {
  phase_ = phase;
  return {Action::send, std::move(bytes)};
}

ClientGreeting::Step ClientGreeting::fail(Reply reply) {
  failure_ = std::move(reply);
  return {Action::failed, {}};
}

std::string_view ClientGreeting::phase() const {
  switch (phase_) {
    case Phase::greeting:
      return "greeting";
    case Phase::ehlo:
    case Phase::helo:
      return "EHLO";
    case Phase::starttls:
      return "STARTTLS";
    case Phase::auth_plain:
    case Phase::auth_user:
    case Phase::auth_password:
    case Phase::auth_last:
      return "AUTH";
    case Phase::ready:
      break;
  }
  return "ready";
}

}  // namespace postern::smtp
