// The server's side of SMTP as a state machine (RFC 5321, 1870, 6152, 2034, 2920): fed with command lines, it
// answers what to do next. It owns no socket, clock or policy: the driver (intake/session, sandbox) obeys the
// step and reports back what the decision was. Pure. Bodies do not pass here: see dot_decoder.hpp.
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
  bool offer_auth = false;              // AUTH PLAIN LOGIN
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
  void body_done();    // the transaction is over, whatever the outcome
  void tls_started();  // back to the state before EHLO (RFC 3207 4.2)

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
  ServerOptions options_;
  // -- the state; the implementer is free to change all private members
  std::string helo_;
  std::string user_;
  bool extended_ = false;
  bool tls_ = false;
};

}  // namespace postern::smtp
