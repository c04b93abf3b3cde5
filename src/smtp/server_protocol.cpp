#include "postern/smtp/server_protocol.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "path.hpp"
#include "postern/base/text.hpp"
#include "server_command.hpp"
#include "text.hpp"

namespace postern::smtp {

// Who may say what when. RFC 5321 4.1.4 and 4.3.2; VRFY, EXPN, HELP, NOOP, RSET, QUIT need no greeting.
const ServerProtocol::Command* ServerProtocol::find(std::string_view verb) {
  using P = ServerProtocol;
  using Arguments = Command::Arguments;
  constexpr unsigned greeted = Command::needs_greeting, secured = Command::needs_tls,
                     known = Command::needs_auth, idle = Command::is_idle, path = Command::has_path;
  static constexpr std::array<Command, 24> commands{{
      {"MAIL", &P::mail, Arguments::any, greeted | secured | known | path},
      {"RCPT", &P::rcpt, Arguments::any, greeted | secured | known | path},
      {"DATA", &P::data, Arguments::none, greeted | secured | known},
      {"QUIT", &P::quit, Arguments::none, 0},
      {"EHLO", &P::ehlo, Arguments::required, idle},
      {"HELO", &P::helo, Arguments::required, idle},
      {"RSET", &P::rset, Arguments::none, idle},
      {"NOOP", &P::noop, Arguments::any, idle},
      {"STARTTLS", &P::starttls, Arguments::none, greeted},
      {"AUTH", &P::auth, Arguments::any, greeted | secured},
      {"VRFY", &P::vrfy, Arguments::required, secured | idle},
      {"EXPN", &P::expn, Arguments::any, idle},
      {"HELP", &P::help, Arguments::any, idle},
      {"GET", &P::http, Arguments::any, 0},
      {"POST", &P::http, Arguments::any, 0},
      {"PUT", &P::http, Arguments::any, 0},
      {"HEAD", &P::http, Arguments::any, 0},
      {"DELETE", &P::http, Arguments::any, 0},
      {"OPTIONS", &P::http, Arguments::any, 0},
      {"PATCH", &P::http, Arguments::any, 0},
      {"TRACE", &P::http, Arguments::any, 0},
      {"CONNECT", &P::http, Arguments::any, 0},
      {"PRI", &P::http, Arguments::any, 0},
      {"HOST:", &P::http, Arguments::any, 0},
  }};
  const auto found = std::find_if(commands.begin(), commands.end(), [verb](const Command& command) {
    return base::equals_ignoring_case(command.verb, verb);
  });
  return found == commands.end() ? nullptr : &*found;
}

ServerProtocol::ServerProtocol(ServerOptions options) : options_(std::move(options)) {}

Reply ServerProtocol::greeting() const {
  return {220, {}, options_.hostname + ' ' + options_.greeting};
}

Step ServerProtocol::line(std::string_view line) {
  if (exchange_ != Exchange::none) return auth_line(line);
  if (std::any_of(line.begin(), line.end(), [](char c) { return is_control(c) && c != '\t'; }))
    return error(500, "5.5.2", "Syntax error: control character in command");
  auto arguments = line;
  const auto verb = take_word(arguments);
  const auto* command = find(verb);
  if (command == nullptr) return error(500, "5.5.2", "Command unrecognized");
  if (auto refusal = gate(*command, arguments)) return std::move(*refusal);
  return (this->*command->run)(arguments);
}

Step ServerProtocol::line_too_long() {
  if (std::exchange(exchange_, Exchange::none) != Exchange::none)
    return error(500, "5.5.6", "Authentication exchange line is too long");  // RFC 4954 4
  return error(500, "5.5.2", "Line too long");
}

std::optional<Step> ServerProtocol::gate(const Command& command, std::string_view arguments) {
  if ((command.flags & Command::is_idle) != 0 && ++idle_commands_ > options_.max_commands_without_mail)
    return close("4.7.0", "Too many commands without mail");
  if ((command.flags & Command::needs_greeting) != 0 && helo_.empty())
    return error(503, "5.5.1", "Send EHLO first");
  if ((command.flags & Command::needs_tls) != 0 && options_.require_tls && !tls_)
    return error(530, "5.7.0", "Must issue a STARTTLS command first");
  if ((command.flags & Command::needs_auth) != 0 && options_.require_auth && user_.empty())
    return error(530, "5.7.0", "Authentication required");
  if (command.arguments == Command::Arguments::none && !arguments.empty())
    return error(501, "5.5.4", std::string(command.verb) + " takes no argument");
  if (command.arguments == Command::Arguments::required && arguments.empty())
    return error(501, "5.5.4", std::string(command.verb) + " needs an argument");
  if ((command.flags & Command::has_path) == 0 && has_eight_bit(arguments))
    return error(501, "5.5.4", "Syntax error: argument is not ASCII");
  return std::nullopt;
}

// -- the commands that are no part of a transaction; the others are in server_transaction.cpp

Step ServerProtocol::helo(std::string_view arguments) {
  greet(arguments, false);
  return say(250, {}, options_.hostname);
}

Step ServerProtocol::ehlo(std::string_view arguments) {
  greet(arguments, true);
  Step step = say(250, {}, options_.hostname);
  auto& lines = step.reply.lines;
  if (options_.pipelining) lines.emplace_back("PIPELINING");
  if (options_.size_keyword) lines.push_back("SIZE " + std::to_string(options_.max_size));
  lines.emplace_back("8BITMIME");
  if (options_.offer_starttls && !tls_) lines.emplace_back("STARTTLS");
  if (auth_offered()) lines.emplace_back("AUTH PLAIN LOGIN");
  if (options_.enhanced_codes) lines.emplace_back("ENHANCEDSTATUSCODES");
  lines.insert(lines.end(), options_.ehlo_lines.begin(), options_.ehlo_lines.end());
  return step;
}

// Names are taken as they come: appliances and containers say underscores, "localhost" or nothing like a
// name. What would break the comment of a Received line is masked.
void ServerProtocol::greet(std::string_view name, bool extended) {
  static constexpr std::string_view specials = "<>()\\\";,@";
  constexpr std::size_t longest_name = 255;
  reset_transaction();
  helo_ = name.substr(0, std::min(longest_name, name.find_first_of(" \t")));
  std::replace_if(
      helo_.begin(), helo_.end(), [](char c) { return specials.find(c) != std::string_view::npos; }, '?');
  extended_ = extended;
}

Step ServerProtocol::rset(std::string_view) {
  reset_transaction();
  return say(250, "2.0.0", "Ok");
}

Step ServerProtocol::noop(std::string_view) {
  return say(250, "2.0.0", "Ok");
}

Step ServerProtocol::vrfy(std::string_view) {
  return say(252, "2.0.0", "Cannot VRFY user, but will take a message for it");
}

Step ServerProtocol::expn(std::string_view) {
  return error(502, "5.5.1", "EXPN is not available");
}

Step ServerProtocol::help(std::string_view) {
  return say(214, "2.0.0", "Commands: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT (RFC 5321)");
}

Step ServerProtocol::quit(std::string_view) {
  Step step = say(221, "2.0.0", "Bye");
  step.action = Action::reply_and_close;
  return step;
}

// A browser or a request forged through one (cross-protocol attack): its body may hold SMTP commands.
Step ServerProtocol::http(std::string_view) {
  return close("4.7.0", "This is an SMTP server, not an HTTP server");
}

Step ServerProtocol::starttls(std::string_view) {
  if (tls_) return error(503, "5.5.1", "TLS is on already");
  if (!options_.offer_starttls) return error(502, "5.5.1", "STARTTLS is not available");
  Step step = say(220, "2.0.0", "Ready to start TLS");
  step.action = Action::start_tls;
  return step;
}

void ServerProtocol::tls_started() {
  tls_ = true;
  reset_transaction();
  exchange_ = Exchange::none;
  helo_.clear();
  user_.clear();
  extended_ = false;
}

// RFC 3848; a HELO session is SMTP whatever the transport.
std::string_view ServerProtocol::protocol_name() const {
  if (!extended_) return "SMTP";
  if (tls_) return user_.empty() ? "ESMTPS" : "ESMTPSA";
  return user_.empty() ? "ESMTP" : "ESMTPA";
}

// -- replies

Reply ServerProtocol::finish(Reply reply) const {
  if (!options_.enhanced_codes) reply.enhanced.clear();
  return reply;
}

Step ServerProtocol::say(int code, std::string_view enhanced, std::string text) const {
  Step step;
  step.reply = finish(Reply(code, enhanced, std::move(text)));
  return step;
}

Step ServerProtocol::error(int code, std::string_view enhanced, std::string text) {
  if (too_many_errors(1)) return close("4.7.0", "Too many errors");
  return say(code, enhanced, std::move(text));
}

Step ServerProtocol::close(std::string_view enhanced, std::string text) const {
  Step step = say(421, enhanced, std::move(text));
  step.action = Action::reply_and_close;
  return step;
}

bool ServerProtocol::too_many_errors(int weight) {
  errors_ += weight;
  return errors_ > options_.max_errors;
}

}  // namespace postern::smtp
