// The client's side of SMTP as a state machine: it says what to write and takes the replies. It owns no
// socket. delivery/smtp_upstream drives it; one object a connection. Pure.
//
// Order of a connection: greeting, EHLO (HELO when EHLO is refused), STARTTLS where asked, EHLO again, AUTH,
// then transactions: MAIL, RCPT.., DATA, body. With PIPELINING offered MAIL, RCPT.. and DATA go out in one
// write; SES offers none (facts/SES.md 1.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postern/smtp/reply.hpp"

namespace postern::smtp {

struct ClientOptions {
  std::string helo;
  bool start_tls = false;
  std::string username;  // empty: no AUTH
  std::string password;
  bool encrypted = false;       // TLS was there before the greeting (implicit TLS)
  bool plaintext_auth = false;  // AUTH without TLS is fine: loopback, tests
};

struct ClientCapabilities {
  bool start_tls = false;
  bool auth_plain = false;
  bool auth_login = false;
  bool pipelining = false;
  bool eight_bit_mime = false;
  bool size = false;
};

// Reads the lines of an EHLO reply. Tolerates SES's last line "Ok", duplicate and unknown keywords, "AUTH=".
ClientCapabilities parse_capabilities(const Reply& ehlo);

// Getting a connection ready. step() is fed with each reply, the greeting first.
class ClientGreeting {
 public:
  enum class Action { send, start_tls, ready, failed };
  struct Step {
    Action action;
    std::string bytes;  // for send, CRLF included
  };
  explicit ClientGreeting(ClientOptions options);
  Step step(const Reply& reply);
  Step tls_started();  // after the hand-shake: EHLO again
  const ClientCapabilities& capabilities() const { return capabilities_; }
  const Reply& failure() const {
    return failure_;
  }                                // the reply that ended it, or one of our own (code 0) with the reason
  std::string_view phase() const;  // "greeting" "EHLO" "STARTTLS" "AUTH", for logs; outcome looks at it too

 private:
  enum class Phase { greeting, ehlo, helo, starttls, auth_plain, auth_user, auth_password, auth_last, ready };

  Step send(Phase phase, std::string bytes);
  Step say_hello(Phase phase, std::string_view verb);
  Step greeted();
  Step authenticate();
  Step auth_reply(const Reply& reply);
  Step fail(Reply reply);

  ClientOptions options_;
  ClientCapabilities capabilities_;
  Reply failure_;
  Phase phase_ = Phase::greeting;
  bool encrypted_ = false;
};

struct ClientTransaction {
  std::string sender;
  std::vector<std::string> recipients;
  std::uint64_t size = 0;
  bool eight_bit = false;
};

// What one transaction gave.
struct TransactionResult {
  std::vector<Reply> recipients;  // to each RCPT; an empty reply (code 0): never answered
  Reply mail;
  Reply data;   // 354 or what came instead
  Reply final;  // after the body; code 0: not reached
};

// One transaction on a ready connection. next() says what to do, reply() takes an answer:
//   send        write `bytes`, ask again
//   read_reply  read one reply, hand it to reply(), ask again
//   send_body   write the dot-stuffed message with its end, call body_sent(), ask again
//   reset       as send (`bytes` is RSET): the server holds a half-done transaction. Who closes the
//   connection
//               now may stop here
//   done        look at result() and connection_usable()
// No recipient, an address with a control character or a bracket: programming errors, std::invalid_argument.
class ClientTransactionProtocol {
 public:
  enum class Action { send, read_reply, send_body, reset, done };
  ClientTransactionProtocol(ClientTransaction transaction, const ClientCapabilities& capabilities);
  Action next(std::string& bytes);  // for send: the commands; read_reply: wait for one reply
  void reply(const Reply& reply);
  void body_sent();
  bool connection_usable() const;  // false after 421, a timeout notice of SES (451 4.4.2) or a broken order
  const TransactionResult& result() const { return result_; }

 private:
  enum class Phase { mail, rcpt, data, body, final, abort, reset, over };

  void append_mail(std::string& out) const;
  void append_rcpt(std::size_t n, std::string& out) const;
  void append_all(std::string& out) const;
  Action command(std::string& out);
  void take(const Reply& reply);
  void take_rcpt(const Reply& reply);
  void take_data(const Reply& reply);
  bool any_accepted() const;

  ClientTransaction transaction_;
  ClientCapabilities capabilities_;
  TransactionResult result_;
  Phase phase_ = Phase::mail;
  bool waiting_ = false;   // for the reply to the command of phase_
  bool all_sent_ = false;  // pipelined: MAIL, RCPT.. and DATA are out
  bool usable_ = true;
  std::size_t next_rcpt_ = 0;
  std::size_t accepted_ = 0;
};

}  // namespace postern::smtp
