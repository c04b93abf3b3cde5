// AUTH PLAIN and LOGIN of ServerProtocol (RFC 4954, RFC 4616). The password is in the Step and nowhere else.
#include <algorithm>
#include <utility>

#include "base64.hpp"
#include "postern/base/text.hpp"
#include "postern/smtp/server_protocol.hpp"
#include "text.hpp"

namespace postern::smtp {
namespace {

constexpr std::string_view ask_user = "VXNlcm5hbWU6";      // "Username:"
constexpr std::string_view ask_password = "UGFzc3dvcmQ6";  // "Password:"

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

}  // namespace

Step ServerProtocol::auth(std::string_view arguments) {
  if (!auth_offered()) return error(502, "5.5.1", "AUTH is not available");
  if (!user_.empty()) return error(503, "5.5.1", "Already authenticated");
  if (in_transaction_) return error(503, "5.5.1", "AUTH is not allowed in a transaction");
  const auto mechanism = take_word(arguments);
  if (mechanism.empty()) return error(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]");
  const bool plain = base::equals_ignoring_case(mechanism, "PLAIN");
  if (!plain && !base::equals_ignoring_case(mechanism, "LOGIN"))
    return error(504, "5.5.4", "Unrecognized authentication mechanism");
  if (arguments.empty())
    return plain ? auth_challenge(Exchange::plain, {}) : auth_challenge(Exchange::login_user, ask_user);
  exchange_ = plain ? Exchange::plain : Exchange::login_user;
  return auth_line(arguments == "=" ? std::string_view() : arguments);
}

Step ServerProtocol::auth_line(std::string_view line) {
  const auto exchange = std::exchange(exchange_, Exchange::none);
  if (line == "*") return error(501, "5.7.0", "Authentication cancelled");
  auto response = base64_decode(line);
  if (!response) return auth_malformed();
  if (exchange == Exchange::plain) return auth_plain(*response);
  if (response->empty() || has_control(*response)) return auth_malformed();
  if (exchange == Exchange::login_password)
    return credentials("LOGIN", std::exchange(login_user_, {}), std::move(*response));
  login_user_ = std::move(*response);
  return auth_challenge(Exchange::login_password, ask_password);
}

// authzid NUL authcid NUL passwd (RFC 4616 2). Acting for somebody else is not offered.
Step ServerProtocol::auth_plain(std::string_view response) {
  const auto first = response.find('\0');
  if (first == std::string_view::npos) return auth_malformed();
  const auto second = response.find('\0', first + 1);
  if (second == std::string_view::npos) return auth_malformed();
  const auto authzid = response.substr(0, first);
  const auto user = response.substr(first + 1, second - first - 1);
  const auto password = response.substr(second + 1);
  if (user.empty() || password.empty() || has_control(user) || has_control(password)) return auth_malformed();
  if (!authzid.empty() && authzid != user) return auth_malformed();
  return credentials("PLAIN", std::string(user), std::string(password));
}

Step ServerProtocol::auth_challenge(Exchange next, std::string_view challenge) {
  exchange_ = next;
  return say(334, {}, std::string(challenge));
}

Step ServerProtocol::auth_malformed() {
  login_user_.clear();
  return error(501, "5.5.2", "Cannot decode the response");
}

Step ServerProtocol::credentials(std::string_view mechanism, std::string user, std::string password) {
  Step step;
  step.action = Action::check_auth;
  step.auth = AuthCommand{std::string(mechanism), user, std::move(password)};
  login_user_ = std::move(user);  // until auth_checked says that it is right
  return step;
}

Reply ServerProtocol::auth_checked(bool good) {
  if (!good) return auth_answer(Reply(535, "5.7.8", "Authentication Credentials Invalid"));
  user_ = std::exchange(login_user_, {});
  return finish(Reply(235, "2.7.0", "Authentication successful."));
}

Reply ServerProtocol::auth_unavailable() {
  login_user_.clear();
  return finish(Reply(454, "4.7.0", "Temporary authentication failure"));
}

// A wrong password weighs as two errors: guessing is the one thing that a client repeats on purpose.
Reply ServerProtocol::auth_answer(Reply refusal) {
  login_user_.clear();
  if (too_many_errors(2)) return finish(Reply(421, "4.7.0", "Too many errors"));
  return finish(std::move(refusal));
}

}  // namespace postern::smtp
