// The server's side of SMTP as a state machine (RFC 5321, 1870, 6152, 2034, 2920): fed with command lines, it
// answers what to do next. It owns no socket, clock or policy: the driver (intake/session, sandbox) obeys the
// step and reports back what the decision was. Pure. Bodies do not pass here: see dot_codec.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/smtp/reply.hpp"

namespace postern::smtp {

struct ServerOptions {
  std::string hostname;
  std::string greeting = "ESMTP postern";  // text after the host name
  std::uint64_t max_size = 40 * 1024 * 1024;
  std::size_t max_recipients = 1000;
  int max_errors = 10;                  // then 421 and close
  int max_commands_without_mail = 100;  // NOOP, RSET, VRFY ... in a row; then 421 and close
  bool pipelining = true;
  bool size_keyword = true;
  bool enhanced_codes = true;
  bool offer_starttls = false;
  bool require_tls = false;             // 530 before TLS
  bool offer_auth = false;              // AUTH PLAIN LOGIN, also before TLS: the driver decides
  bool offer_auth_after_tls = false;    // AUTH PLAIN LOGIN, once TLS is on
  bool require_auth = false;            // 530 before AUTH
  std::vector<std::string> ehlo_lines;  // more lines of the EHLO reply, as they are (the sandbox's "Ok")
};

struct MailCommand {
  std::string path;  // without brackets; empty for <>
  std::optional<std::uint64_t> size;
  bool eight_bit = false;
};
struct RcptCommand {
  std::string path;
};
struct AuthCommand {
  std::string mechanism;  // PLAIN or LOGIN
  std::string user;
  std::string password;
};

// Before the next line is fed in, the driver reports what it was asked for. A reply of 421, also one that a
// report gives back, means: send it, then close.
enum class Action {
  reply,            // send step.reply
  reply_and_close,  // send it, then close
  check_sender,     // step.mail; report with sender_checked
  check_recipient,  // step.rcpt; report with recipient_checked
  check_auth,       // step.auth; report with auth_checked
  read_body,        // send step.reply (354), read the body, report with body_done
  start_tls,        // send step.reply (220), hand-shake, report with tls_started
};

struct Step {
  Action action = Action::reply;
  Reply reply;
  MailCommand mail;
  RcptCommand rcpt;
  AuthCommand auth;
};

class ServerProtocol {
 public:
  explicit ServerProtocol(ServerOptions options);

  Reply greeting() const;
  Step line(std::string_view line);  // a line without CRLF, or an answer within AUTH
  Step line_too_long();              // the driver threw a line away that was over max_line
  // Decisions of the driver. They give the reply to send: the one handed in, or the default 250 when it is
  // positive.
  Reply sender_checked(const Reply& verdict);
  Reply recipient_checked(const Reply& verdict);
  Reply auth_checked(bool good);
  Reply auth_unavailable();          // the credentials could not be looked at: 454
  Reply auth_answer(Reply refusal);  // a refusal in the driver's own words
  void body_done();                  // the transaction is over, whatever the outcome
  void tls_started();  // back to the state before EHLO (RFC 3207 4.2); for implicit TLS call it at once

  bool in_transaction() const;     // MAIL accepted
  std::size_t recipients() const;  // accepted so far
  const std::string& helo() const { return helo_; }
  bool extended() const { return extended_; }  // EHLO
  bool tls() const { return tls_; }
  const std::string& user() const { return user_; }  // of AUTH; empty without
  std::string_view protocol_name() const;            // SMTP ESMTP ESMTPS ESMTPA ESMTPSA (RFC 3848)

  static constexpr std::size_t max_line =
      2048;  // command line with parameters; RFC 5321 4.5.3.1.4 asks for 512, AUTH needs more

 private:
  struct Command;
  enum class Exchange { none, plain, login_user, login_password };

  static const Command* find(std::string_view verb);
  std::optional<Step> gate(const Command& command, std::string_view arguments);
  Step helo(std::string_view arguments);
  Step ehlo(std::string_view arguments);
  Step mail(std::string_view arguments);
  Step rcpt(std::string_view arguments);
  Step data(std::string_view arguments);
  Step rset(std::string_view arguments);
  Step noop(std::string_view arguments);
  Step vrfy(std::string_view arguments);
  Step expn(std::string_view arguments);
  Step help(std::string_view arguments);
  Step quit(std::string_view arguments);
  Step starttls(std::string_view arguments);
  Step auth(std::string_view arguments);
  Step http(std::string_view arguments);

  bool auth_offered() const { return options_.offer_auth || (tls_ && options_.offer_auth_after_tls); }
  Step auth_line(std::string_view line);
  Step auth_plain(std::string_view response);
  Step auth_challenge(Exchange next, std::string_view challenge);
  Step auth_malformed();
  Step credentials(std::string_view mechanism, std::string user, std::string password);

  void greet(std::string_view name, bool extended);
  void reset_transaction();
  Reply finish(Reply reply) const;  // as it goes out: without enhanced code where none are offered
  Step say(int code, std::string_view enhanced, std::string text) const;
  Step error(int code, std::string_view enhanced, std::string text);
  Step close(std::string_view enhanced, std::string text) const;
  bool too_many_errors(int weight);

  ServerOptions options_;
  std::string helo_;
  std::string user_;
  std::string login_user_;  // while AUTH LOGIN asks for the password
  Exchange exchange_ = Exchange::none;
  bool extended_ = false;
  bool tls_ = false;
  bool in_transaction_ = false;
  std::size_t recipients_ = 0;
  int errors_ = 0;
  int idle_commands_ = 0;
};

}  // namespace postern::smtp
