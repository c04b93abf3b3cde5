#include "postern/delivery/outcome.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "postern/base/text.hpp"

namespace postern::delivery {

namespace {

using Kind = Outcome::Kind;

constexpr unsigned bit(Phase phase) {
  return 1U << static_cast<unsigned>(phase);
}
constexpr unsigned in_auth = bit(Phase::auth);
constexpr unsigned in_mail = bit(Phase::mail);
constexpr unsigned in_rcpt = bit(Phase::rcpt);
constexpr unsigned in_data = bit(Phase::data) | bit(Phase::body);
constexpr unsigned in_transaction = in_mail | in_rcpt | in_data;
constexpr unsigned before_auth =
    bit(Phase::connect) | bit(Phase::greeting) | bit(Phase::ehlo) | bit(Phase::start_tls);
constexpr unsigned anywhere = before_auth | in_auth | in_transaction;

// code: 535, or a class: 4, 5. text: contained in the reply's, without case; empty: any.
struct Row {
  unsigned phases;
  int code;
  std::string_view text;
  Outcome outcome;
};

Outcome retry(Scope scope, std::string_view reason, std::string dsn) {
  return {Kind::retry, scope, reason, false, false, std::move(dsn)};
}
Outcome retry_at_once(Scope scope, std::string_view reason, std::string dsn) {
  return {Kind::retry, scope, reason, true, false, std::move(dsn)};
}
// Nothing is wrong with the mail: a person has to mend the account, and until then it is kept.
Outcome until_mended(Scope scope, std::string_view reason, std::string dsn) {
  return {Kind::retry, scope, reason, false, true, std::move(dsn)};
}
Outcome bounce(Scope scope, std::string_view reason, std::string dsn) {
  return {Kind::bounce, scope, reason, false, false, std::move(dsn)};
}

// The first row that fits decides. In the order of facts/SES.md 1.6; what is general stands last.
const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      // Too fast. It comes after the body, and the message was not taken.
      {anywhere, 0, "maximum sigv2 smtp sending rate exceeded", retry(Scope::account, "sigv2", "4.3.2")},
      {anywhere, 0, "daily message quota exceeded", retry(Scope::account, "quota", "4.3.2")},
      {anywhere, 0, "maximum sending rate exceeded", retry(Scope::account, "throttled", "4.3.2")},
      {anywhere, 454, "throttling", retry(Scope::account, "throttled", "4.3.2")},

      // The connection: nothing is wrong with the message. The timeout notice comes unasked about 10 s after
      // the last command and is read as the answer to the next one.
      {anywhere, 421, "timeout waiting for data", retry_at_once(Scope::connection, "idle-timeout", "4.4.2")},
      {anywhere, 451, "timeout waiting for data", retry_at_once(Scope::connection, "idle-timeout", "4.4.2")},
      {anywhere, 421, "too many concurrent", retry(Scope::connection, "too-many-connections", "4.3.2")},
      {anywhere, 421, "", retry(Scope::connection, "closing", "4.3.2")},

      // Credentials. Permanent by the code; to take it so is how a rotated password loses mail.
      {anywhere, 535, "not subscribed", until_mended(Scope::account, "not-subscribed", "4.7.8")},
      {anywhere, 535, "", until_mended(Scope::account, "auth", "4.7.8")},
      {anywhere, 530, "starttls", until_mended(Scope::account, "tls", "4.7.0")},
      {anywhere, 530, "", until_mended(Scope::account, "auth", "4.7.0")},
      {in_auth, 4, "", retry(Scope::account, "auth", "4.7.0")},
      {in_auth, 5, "", until_mended(Scope::account, "auth", "4.7.0")},

      // Before AUTH the server does not know of any mail, so it cannot mean one.
      {bit(Phase::start_tls), 4, "", retry(Scope::connection, "tls", "4.7.0")},
      {bit(Phase::start_tls), 5, "", until_mended(Scope::account, "tls", "4.7.0")},
      {before_auth, 4, "", retry(Scope::connection, "not-ready", "4.3.2")},
      {before_auth, 5, "", until_mended(Scope::account, "refused", "4.3.2")},

      // Settings of the SES account.
      {in_transaction, 5, "not verified", until_mended(Scope::sender, "not-verified", "4.7.1")},
      {in_transaction, 5, "sending suspended", until_mended(Scope::account, "suspended", "4.7.1")},
      {in_transaction, 5, "sending paused", until_mended(Scope::account, "suspended", "4.7.1")},
      {in_transaction, 5, "account is paused", until_mended(Scope::account, "suspended", "4.7.1")},
      {in_transaction, 5, ":identity/", until_mended(Scope::sender, "access-denied", "4.7.1")},
      {in_transaction, 5, "access denied", until_mended(Scope::account, "access-denied", "4.7.1")},
      {in_transaction, 5, "configuration set does not exist",
       until_mended(Scope::account, "configuration-set", "4.3.5")},

      // One bad address spoils the message for all: RFC 5321 would have refused it at RCPT.
      {in_data, 5, "address contains", retry_at_once(Scope::split, "invalid-address", "5.1.3")},
      {in_data, 5, "domain contains", retry_at_once(Scope::split, "invalid-address", "5.1.2")},
      {in_data, 5, "missing final '@domain'", retry_at_once(Scope::split, "invalid-address", "5.1.3")},
      {in_data, 5, "invalid domain name", retry_at_once(Scope::split, "invalid-address", "5.1.2")},
      {in_data, 5, "recipient count exceeds", retry_at_once(Scope::split, "too-many-recipients", "5.5.3")},

      // The message, or one recipient of it.
      {in_mail, 501, "", bounce(Scope::message, "invalid-sender", "5.1.7")},
      {in_mail, 553, "", bounce(Scope::message, "invalid-sender", "5.1.7")},
      {in_rcpt, 553, "", bounce(Scope::recipient, "unknown-recipient", "5.1.1")},
      {in_mail | in_data, 552, "", bounce(Scope::message, "too-large", "5.3.4")},
      {in_data, 5, "duplicate header", bounce(Scope::message, "duplicate-header", "5.6.0")},
      {in_rcpt, 4, "", retry(Scope::recipient, "temporary", "4.0.0")},
      {in_rcpt, 5, "", bounce(Scope::recipient, "rejected", "5.0.0")},
      {in_transaction, 4, "", retry(Scope::message, "temporary", "4.0.0")},
      {in_transaction, 5, "", bounce(Scope::message, "rejected", "5.0.0")},
  };
  return rows;
}

bool fits(const Row& row, Phase phase, int code, std::string_view text) {
  const bool code_fits = row.code == 0 ? code >= 400 : row.code == code || row.code == code / 100;
  return code_fits && (row.phases & bit(phase)) != 0 && text.find(row.text) != std::string_view::npos;
}

// No code: the reply never came, or our side refused to go on (no STARTTLS or AUTH offered, say). 1yz and 3yz
// where nobody asked for them: the peer is out of step. Neither is a word about the mail.
Outcome without_verdict(Phase phase) {
  if (phase == Phase::start_tls) return until_mended(Scope::account, "tls", "4.7.0");
  if (phase == Phase::auth) return until_mended(Scope::account, "auth", "4.7.0");
  return retry(Scope::connection, "protocol", "4.5.0");
}

bool accepted(Phase phase, int code) {
  const int wanted = phase == Phase::data ? 3 : 2;
  return code / 100 == wanted;
}

// A deferred recipient has a 4.x.x status and a bounced one a 5.x.x (RFC 3464 2.3.4), whatever the peer said:
// its 535 5.7.8 is deferred here.
std::string status_for(const Outcome& outcome, const smtp::Reply& reply) {
  std::string status = reply.enhanced.size() >= 5 ? reply.enhanced : outcome.dsn;
  status.front() = outcome.kind == Kind::sent ? '2' : outcome.kind == Kind::bounce ? '5' : '4';
  return status;
}

Outcome look_up(Phase phase, const smtp::Reply& reply) {
  const auto text = base::to_lower(reply.text());
  const auto& rows = table();
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return fits(r, phase, reply.code, text); });
  return row == rows.end() ? without_verdict(phase) : row->outcome;
}

// Alone, the recipient is the one.
void settle_split(Outcome& outcome, std::size_t recipients) {
  if (outcome.scope == Scope::split && recipients <= 1)
    outcome = bounce(Scope::recipient, outcome.reason, outcome.dsn);
}

Outcome failed(std::string_view reason, std::string dsn) {
  return retry(Scope::connection, reason, std::move(dsn));
}

Outcome of_error(base::Errc code) {
  using base::Errc;
  switch (code) {
    case Errc::timeout:
      return failed("timeout", "4.4.2");
    case Errc::closed:
      return failed("connection-lost", "4.4.2");
    case Errc::refused:
    case Errc::unreachable:
      return failed("unreachable", "4.4.1");
    case Errc::not_found:
      return failed("dns", "4.4.3");
    case Errc::protocol:
      return failed("protocol", "4.5.0");
    case Errc::tls:
      return failed("tls", "4.7.0");
    case Errc::cancelled:
      return failed("shutdown", "4.3.2");
    case Errc::invalid:
    case Errc::exists:
    case Errc::io:
    case Errc::full:
    case Errc::busy:
    case Errc::corrupt:
    case Errc::newer:
    case Errc::permission:
    case Errc::unavailable:
      return failed("local-error", "4.3.0");
  }
  return failed("local-error", "4.3.0");
}

constexpr std::size_t id_head = 16;  // region and time, in hexadecimal

bool is_ses_id(std::string_view token) {
  constexpr std::string_view hex = "0123456789abcdef";
  return token.size() > id_head && token[id_head] == '-' &&
         token.substr(0, id_head).find_first_not_of(hex) == std::string_view::npos &&
         token.substr(id_head).find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

}  // namespace

Outcome classify(Phase phase, const smtp::Reply& reply, std::size_t recipients) {
  Outcome outcome;
  if (accepted(phase, reply.code))
    outcome = {Kind::sent, phase == Phase::rcpt ? Scope::recipient : Scope::message, "", false, false,
               "2.0.0"};
  else
    outcome = look_up(phase, reply);
  settle_split(outcome, recipients);
  outcome.dsn = status_for(outcome, reply);
  return outcome;
}

Outcome classify(Phase phase, const base::Error& error) {
  auto outcome = of_error(error.code);
  // Certificate, host name or version: they are wrong for every message, and only a person can tell why.
  if (error.code == base::Errc::tls && (before_auth & bit(phase)) != 0)
    outcome = until_mended(Scope::account, "tls", outcome.dsn);
  // A pooled connection that the peer closed while it was idle: nothing of the message was sent yet.
  if (error.code == base::Errc::closed && phase == Phase::mail) outcome.retry_at_once = true;
  return outcome;
}

std::string ses_id(const smtp::Reply& reply) {
  constexpr std::string_view ok = "Ok ";
  const auto text = reply.text();
  if (reply.code != 250 || !text.starts_with(ok)) return "";
  const auto token = std::string_view(text).substr(ok.size());
  const auto end = token.find_first_of(" \t");
  return is_ses_id(token.substr(0, end)) ? std::string(token.substr(0, end)) : "";
}

}  // namespace postern::delivery
