// MAIL, RCPT, DATA of ServerProtocol (RFC 5321 4.1.1.2 to 4.1.1.4).
#include <algorithm>
#include <charconv>

#include "path.hpp"
#include "postern/base/text.hpp"
#include "postern/smtp/server_protocol.hpp"
#include "text.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t longest_size = 20;  // digits, RFC 1870 3

struct Problem {
  int code = 0;
  std::string_view enhanced;
  std::string_view text;
};

std::optional<Problem> take_size(const Parameter& parameter, std::uint64_t limit, MailCommand& mail) {
  const auto text = parameter.value.value_or("");
  if (text.empty() || text.size() > longest_size || !std::all_of(text.begin(), text.end(), is_digit))
    return Problem{501, "5.5.4", "Bad SIZE parameter"};
  std::uint64_t size = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
  if (parsed.ec != std::errc() || size > limit)
    return Problem{552, "5.3.4", "Message size exceeds the limit"};
  mail.size = size;
  return std::nullopt;
}

std::optional<Problem> take_body(const Parameter& parameter, MailCommand& mail) {
  const auto value = parameter.value.value_or("");
  mail.eight_bit = base::equals_ignoring_case(value, "8BITMIME");
  if (mail.eight_bit || base::equals_ignoring_case(value, "7BIT")) return std::nullopt;
  return Problem{501, "5.5.4", "Bad BODY parameter"};
}

// RFC 4954 5. What it says is of no use here: it is checked and dropped.
std::optional<Problem> check_auth_parameter(const Parameter& parameter) {
  const auto value = parameter.value.value_or("");
  if (value == "<>" || (!value.empty() && is_xtext(value))) return std::nullopt;
  return Problem{501, "5.5.4", "Bad AUTH parameter"};
}

struct Offered {
  bool size = false;
  bool auth = false;
  std::uint64_t max_size = 0;
};

std::optional<Problem> take_parameter(const Parameter& parameter, const Offered& offered, MailCommand& mail) {
  const auto is = [&parameter](std::string_view keyword) {
    return base::equals_ignoring_case(parameter.keyword, keyword);
  };
  if (offered.size && is("SIZE")) return take_size(parameter, offered.max_size, mail);
  if (is("BODY")) return take_body(parameter, mail);
  if (offered.auth && is("AUTH")) return check_auth_parameter(parameter);
  return Problem{555, "5.5.4", "Unsupported parameter"};
}

// The path as it is used from here on; `syntax` is the enhanced code of a bad one.
std::optional<Problem> take_path(std::string_view path, std::string_view syntax, std::string& into) {
  if (has_eight_bit(path)) return Problem{553, "5.6.7", "Non-ASCII addresses are not supported"};
  const auto stripped = strip_source_route(path);
  if (!stripped || !is_address(*stripped)) return Problem{501, syntax, "Bad address syntax"};
  into = *stripped;
  return std::nullopt;
}

}  // namespace

Step ServerProtocol::mail(std::string_view arguments) {
  if (in_transaction_) return error(503, "5.5.1", "Nested MAIL command");
  const auto parts = split_path_argument(arguments, "FROM:");
  if (!parts) return error(501, "5.5.4", "Syntax: MAIL FROM:<address>");
  Step step;
  step.action = Action::check_sender;
  std::optional<Problem> problem;
  if (!parts->path.empty()) problem = take_path(parts->path, "5.1.7", step.mail.path);
  const Offered offered{options_.size_keyword, auth_offered(), options_.max_size};
  for (std::size_t i = 0; i < parts->parameters.size() && !problem; ++i)
    problem = take_parameter(parts->parameters[i], offered, step.mail);
  if (problem) return error(problem->code, problem->enhanced, std::string(problem->text));
  return step;
}

Step ServerProtocol::rcpt(std::string_view arguments) {
  if (!in_transaction_) return error(503, "5.5.1", "Send MAIL first");
  const auto parts = split_path_argument(arguments, "TO:");
  if (!parts) return error(501, "5.5.4", "Syntax: RCPT TO:<address>");
  Step step;
  step.action = Action::check_recipient;
  if (const auto problem = take_path(parts->path, "5.1.3", step.rcpt.path))
    return error(problem->code, problem->enhanced, std::string(problem->text));
  if (!parts->parameters.empty()) return error(555, "5.5.4", "Unsupported parameter");
  if (recipients_ >= options_.max_recipients) return say(452, "4.5.3", "Too many recipients");
  return step;
}

Step ServerProtocol::data(std::string_view) {
  if (!in_transaction_) return error(503, "5.5.1", "Send MAIL first");
  if (recipients_ == 0) return error(554, "5.5.1", "No valid recipients");
  Step step = say(354, {}, "End data with <CR><LF>.<CR><LF>");
  step.action = Action::read_body;
  return step;
}

Reply ServerProtocol::sender_checked(const Reply& verdict) {
  in_transaction_ = verdict.positive();
  return finish(verdict.positive() && verdict.lines.empty() ? Reply(250, "2.1.0", "Ok") : verdict);
}

Reply ServerProtocol::recipient_checked(const Reply& verdict) {
  if (verdict.positive()) ++recipients_;
  return finish(verdict.positive() && verdict.lines.empty() ? Reply(250, "2.1.5", "Ok") : verdict);
}

// A client that gets mail through starts afresh: a pooled connection may live for days.
void ServerProtocol::body_done() {
  reset_transaction();
  errors_ = 0;
  idle_commands_ = 0;
}

void ServerProtocol::reset_transaction() {
  in_transaction_ = false;
  recipients_ = 0;
}

bool ServerProtocol::in_transaction() const {
  return in_transaction_;
}

std::size_t ServerProtocol::recipients() const {
  return recipients_;
}

}  // namespace postern::smtp
