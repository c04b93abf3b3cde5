// The only place that decides what a reply or a failure of the upstream means: retry, hold or bounce. Pure.
// Source: the table of facts/SES.md 1.6 (SES developer guide, "SMTP response codes", and observed texts).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/smtp/reply.hpp"

namespace postern::delivery {

// Where in the conversation a reply came.
enum class Phase { connect, greeting, ehlo, start_tls, auth, mail, rcpt, data, body };

enum class Scope {
  recipient,   // this recipient only
  split,       // one of the recipients spoils the others: try them one by one
  message,     // all recipients of this message
  sender,      // this sender's identity
  connection,  // not a message's failure: no attempt is counted
  account,     // everything: pause the upstream, keep the queue
};

struct Outcome {
  enum class Kind { sent, retry, hold, bounce };
  Kind kind = Kind::sent;
  Scope scope = Scope::message;
  std::string_view
      reason;  // one word, for log, metric and ledger: throttled, quota, auth, not-verified, suspended ...
  bool retry_at_once = false;        // a dead connection: resend without waiting
  bool never_give_up_early = false;  // only a person can mend it: until `lifetime`, never before
  std::string dsn;                   // enhanced status, the peer's or one that fits
};

Outcome classify(Phase phase, const smtp::Reply& reply, std::size_t recipients);
Outcome classify(Phase phase, const base::Error& error);
std::string ses_id(const smtp::Reply& reply);  // "0100..." of "250 Ok 0100..."; empty: another server's text

}  // namespace postern::delivery
