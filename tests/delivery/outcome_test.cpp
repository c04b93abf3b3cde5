#include "postern/delivery/outcome.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>

namespace postern::delivery {

// For the messages of failed tests.
static std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << "kind " << static_cast<int>(o.kind) << " scope " << static_cast<int>(o.scope) << ' '
             << o.reason << (o.retry_at_once ? " at-once" : "") << (o.never_give_up_early ? " kept" : "")
             << ' ' << o.dsn;
}
static bool operator==(const Outcome& a, const Outcome& b) {
  return a.kind == b.kind && a.scope == b.scope && a.reason == b.reason &&
         a.retry_at_once == b.retry_at_once && a.never_give_up_early == b.never_give_up_early &&
         a.dsn == b.dsn;
}

namespace {

using enum Outcome::Kind;
constexpr std::array phases{Phase::connect, Phase::greeting, Phase::ehlo, Phase::start_tls, Phase::auth,
                            Phase::mail,    Phase::rcpt,     Phase::data, Phase::body};
constexpr std::array before_auth{Phase::connect, Phase::greeting, Phase::ehlo, Phase::start_tls};

constexpr bool at_once = true, kept = true;

struct Case {
  Phase phase;
  int code;
  std::string text;
  std::size_t recipients;
  Outcome expected;
};

// facts/SES.md 1.6, row by row.
const std::vector<Case> table{
    {Phase::auth, 235, "Authentication successful.", 1, {sent, Scope::message, "", false, false, "2.0.0"}},
    {Phase::body, 250, "Ok 0106019dec617b98-0d3f", 1, {sent, Scope::message, "", false, false, "2.0.0"}},
    {Phase::greeting,
     421,
     "Too many concurrent SMTP connections",
     1,
     {retry, Scope::connection, "too-many-connections", false, false, "4.3.2"}},
    {Phase::mail,
     451,
     "4.4.2 Timeout waiting for data from client.",
     1,
     {retry, Scope::connection, "idle-timeout", at_once, false, "4.4.2"}},
    {Phase::mail,
     451,
     "Timeout waiting for data from client",
     1,
     {retry, Scope::connection, "idle-timeout", at_once, false, "4.4.2"}},
    {Phase::mail,
     421,
     "Timeout waiting for data from client",
     1,
     {retry, Scope::connection, "idle-timeout", at_once, false, "4.4.2"}},
    {Phase::mail,
     451,
     "Temporary service failure",
     1,
     {retry, Scope::message, "temporary", false, false, "4.0.0"}},
    {Phase::body,
     454,
     "Throttling failure: Maximum sending rate exceeded.",
     3,
     {retry, Scope::account, "throttled", false, false, "4.3.2"}},
    {Phase::body,
     454,
     "Throttling failure: Daily message quota exceeded.",
     1,
     {retry, Scope::account, "quota", false, false, "4.3.2"}},
    {Phase::body,
     454,
     "Throttling failure: something new",
     1,
     {retry, Scope::account, "throttled", false, false, "4.3.2"}},
    {Phase::body,
     454,
     "Maximum SigV2 SMTP sending rate exceeded",
     1,
     {retry, Scope::account, "sigv2", false, false, "4.3.2"}},
    {Phase::auth,
     454,
     "Temporary authentication failure",
     1,
     {retry, Scope::account, "auth", false, false, "4.7.0"}},
    {Phase::body,
     454,
     "Temporary service failure",
     1,
     {retry, Scope::message, "temporary", false, false, "4.0.0"}},
    {Phase::mail, 530, "Authentication required", 1, {retry, Scope::account, "auth", false, kept, "4.7.0"}},
    {Phase::mail,
     530,
     "Must issue a STARTTLS command first",
     1,
     {retry, Scope::account, "tls", false, kept, "4.7.0"}},
    {Phase::auth,
     535,
     "Authentication Credentials Invalid",
     1,
     {retry, Scope::account, "auth", false, kept, "4.7.8"}},
    {Phase::auth,
     535,
     "Account not subscribed to SES",
     1,
     {retry, Scope::account, "not-subscribed", false, kept, "4.7.8"}},
    {Phase::mail,
     501,
     "Invalid MAIL FROM address provided",
     1,
     {bounce, Scope::message, "invalid-sender", false, false, "5.1.7"}},
    {Phase::mail,
     553,
     "<a@b> Invalid email address",
     1,
     {bounce, Scope::message, "invalid-sender", false, false, "5.1.7"}},
    {Phase::rcpt,
     553,
     "<a@b> address unknown",
     5,
     {bounce, Scope::recipient, "unknown-recipient", false, false, "5.1.1"}},
    {Phase::body,
     552,
     "Message is too long.",
     1,
     {bounce, Scope::message, "too-large", false, false, "5.3.4"}},
    {Phase::body,
     554,
     "Message rejected: Email address is not verified. The following identities failed the check in region "
     "US-EAST-1: a@b, c@d",
     1,
     {retry, Scope::sender, "not-verified", false, kept, "4.7.1"}},
    {Phase::body,
     554,
     "Mail FROM domain is not verified",
     1,
     {retry, Scope::sender, "not-verified", false, kept, "4.7.1"}},
    {Phase::body,
     554,
     "Message rejected: Sending suspended for this account. For more information, please check the inbox",
     1,
     {retry, Scope::account, "suspended", false, kept, "4.7.1"}},
    {Phase::body,
     554,
     "Message rejected: Account is paused",
     1,
     {retry, Scope::account, "suspended", false, kept, "4.7.1"}},
    {Phase::body,
     554,
     "Message rejected: Sending paused for this account.",
     1,
     {retry, Scope::account, "suspended", false, kept, "4.7.1"}},
    {Phase::body,
     554,
     "Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail' on "
     "resource "
     "`arn:aws:ses:eu-west-1:1:identity/x@y'",
     1,
     {retry, Scope::sender, "access-denied", false, kept, "4.7.1"}},
    {Phase::body,
     554,
     "Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail' on "
     "resource "
     "`arn:aws:ses:eu-west-1:1:configuration-set/main'",
     1,
     {retry, Scope::account, "access-denied", false, kept, "4.7.1"}},
    {Phase::body,
     554,
     "Configuration Set does not exist: Configuration set <main> does not exist.",
     1,
     {retry, Scope::account, "configuration-set", false, kept, "4.3.5"}},
    {Phase::body,
     554,
     "Transaction failed: Duplicate header 'DKIM-Signature'.",
     1,
     {bounce, Scope::message, "duplicate-header", false, false, "5.6.0"}},
    {Phase::body,
     554,
     "Transaction failed: Recipient count exceeds 50",
     51,
     {retry, Scope::split, "too-many-recipients", at_once, false, "4.5.3"}},
    {Phase::body,
     554,
     "Transaction failed: Address contains illegal characters in user name: '<a b@c>'",
     2,
     {retry, Scope::split, "invalid-address", at_once, false, "4.1.3"}},
    {Phase::body,
     554,
     "Transaction failed: Address contains illegal characters in user name: '<a b@c>'",
     1,
     {bounce, Scope::recipient, "invalid-address", false, false, "5.1.3"}},
    {Phase::body,
     554,
     "Transaction failed: Local address contains control or whitespace",
     50,
     {retry, Scope::split, "invalid-address", at_once, false, "4.1.3"}},
    {Phase::body,
     554,
     "Transaction failed: Local address contains control or whitespace",
     1,
     {bounce, Scope::recipient, "invalid-address", false, false, "5.1.3"}},
    {Phase::body,
     554,
     "Transaction failed: Invalid domain name: 'b_.c'",
     2,
     {retry, Scope::split, "invalid-address", at_once, false, "4.1.2"}},
    {Phase::body,
     554,
     "Transaction failed: Domain contains illegal character",
     2,
     {retry, Scope::split, "invalid-address", at_once, false, "4.1.2"}},
    {Phase::body,
     554,
     "Transaction failed: Missing final '@domain'",
     1,
     {bounce, Scope::recipient, "invalid-address", false, false, "5.1.3"}},
    {Phase::body,
     554,
     "Transaction failed: Invalid domain name: 'b_.c'",
     1,
     {bounce, Scope::recipient, "invalid-address", false, false, "5.1.2"}},
    {Phase::body,
     554,
     "Transaction failed: Expected MIME type, got ;",
     7,
     {bounce, Scope::message, "rejected", false, false, "5.0.0"}},
};

smtp::Reply reply(int code, std::string_view text) {
  // As ReplyParser gives it: the enhanced code apart.
  if (text.size() > 6 && text[1] == '.' && text[5] == ' ')
    return smtp::Reply(code, text.substr(0, 5), std::string(text.substr(6)));
  return smtp::Reply(code, "", std::string(text));
}

TEST(Outcome, every_row_of_the_table_of_ses_replies) {
  for (const auto& c : table)
    EXPECT_EQ(classify(c.phase, reply(c.code, c.text), c.recipients), c.expected) << c.code << ' ' << c.text;
}

TEST(Outcome, the_text_is_compared_without_case) {
  const auto outcome =
      classify(Phase::body, reply(554, "MESSAGE REJECTED: EMAIL ADDRESS IS NOT VERIFIED."), 1);
  EXPECT_EQ(outcome.reason, "not-verified");
}

TEST(Outcome, a_text_over_several_lines_is_one_text) {
  smtp::Reply lines(554, "", "Message rejected: Sending");
  lines.lines.emplace_back("suspended for this account.");
  EXPECT_EQ(classify(Phase::body, lines, 1).reason, "suspended");
}

TEST(Outcome, the_peers_status_wins_but_its_class_is_that_of_what_we_do) {
  EXPECT_EQ(classify(Phase::rcpt, smtp::Reply(550, "5.1.10", "no such user"), 1).dsn, "5.1.10");
  EXPECT_EQ(classify(Phase::rcpt, smtp::Reply(450, "4.2.1", "later"), 1).dsn, "4.2.1");
  EXPECT_EQ(classify(Phase::body, smtp::Reply(250, "2.6.0", "queued"), 1).dsn, "2.6.0");
  EXPECT_EQ(classify(Phase::auth, smtp::Reply(535, "5.7.8", "bad"), 1).dsn, "4.7.8");
  EXPECT_EQ(classify(Phase::body, smtp::Reply(554, "5.7.1", "Email address is not verified."), 1).dsn,
            "4.7.1");
}

TEST(Outcome, other_replies_in_a_transaction_go_by_their_class) {
  for (const auto phase : {Phase::mail, Phase::data, Phase::body}) {
    const Outcome later{retry, Scope::message, "temporary", false, false, "4.0.0"};
    const Outcome never{bounce, Scope::message, "rejected", false, false, "5.0.0"};
    EXPECT_EQ(classify(phase, reply(450, "busy"), 2), later);
    EXPECT_EQ(classify(phase, reply(499, ""), 2), later);
    EXPECT_EQ(classify(phase, reply(550, "no"), 2), never);
    EXPECT_EQ(classify(phase, reply(599, ""), 2), never);
  }
  EXPECT_EQ(classify(Phase::rcpt, reply(452, "too many recipients"), 2),
            (Outcome{retry, Scope::recipient, "temporary", false, false, "4.0.0"}));
  EXPECT_EQ(classify(Phase::rcpt, reply(550, "no such user"), 2),
            (Outcome{bounce, Scope::recipient, "rejected", false, false, "5.0.0"}));
}

TEST(Outcome, before_auth_no_reply_ends_a_message) {
  for (const auto phase : before_auth) {
    for (int code = 400; code < 600; ++code) {
      const auto outcome = classify(phase, reply(code, "go away"), 1);
      EXPECT_EQ(outcome.kind, retry) << code;
      EXPECT_TRUE(outcome.scope == Scope::account || outcome.scope == Scope::connection) << code;
      EXPECT_EQ(outcome.never_give_up_early, code >= 500) << code;
    }
  }
  EXPECT_EQ(classify(Phase::greeting, reply(554, "no SMTP service here"), 1).reason, "refused");
  EXPECT_EQ(classify(Phase::ehlo, reply(450, "later"), 1).reason, "not-ready");
  EXPECT_EQ(classify(Phase::start_tls, reply(454, "TLS not available"), 1),
            (Outcome{retry, Scope::connection, "tls", false, false, "4.7.0"}));
  EXPECT_EQ(classify(Phase::start_tls, reply(502, "unknown"), 1),
            (Outcome{retry, Scope::account, "tls", false, kept, "4.7.0"}));
}

TEST(Outcome, auth_never_ends_a_message) {
  for (int code = 400; code < 600; ++code) {
    const auto outcome = classify(Phase::auth, reply(code, "no"), 1);
    EXPECT_EQ(outcome.kind, retry) << code;
    EXPECT_EQ(outcome.scope, code == 421 ? Scope::connection : Scope::account) << code;
  }
}

TEST(Outcome, a_closing_server_is_no_failure_of_the_message_in_any_phase) {
  for (const auto phase : phases) {
    const auto outcome = classify(phase, reply(421, "Service closing"), 2);
    EXPECT_EQ(outcome, (Outcome{retry, Scope::connection, "closing", false, false, "4.3.2"}));
  }
}

TEST(Outcome, a_reply_that_never_came_or_is_out_of_step_is_retried) {
  const Outcome out_of_step{retry, Scope::connection, "protocol", false, false, "4.5.0"};
  for (const auto phase :
       {Phase::connect, Phase::greeting, Phase::ehlo, Phase::mail, Phase::rcpt, Phase::data, Phase::body}) {
    EXPECT_EQ(classify(phase, smtp::Reply(), 1), out_of_step);
    EXPECT_EQ(classify(phase, reply(100, "?"), 1), out_of_step);
    EXPECT_EQ(classify(phase, reply(phase == Phase::data ? 250 : 354, "?"), 1), out_of_step);
  }
}

TEST(Outcome, our_own_refusal_to_go_on_in_clear_or_without_auth_stops_the_account) {
  EXPECT_EQ(classify(Phase::start_tls, smtp::Reply(0, "", "STARTTLS is not offered"), 1),
            (Outcome{retry, Scope::account, "tls", false, kept, "4.7.0"}));
  EXPECT_EQ(classify(Phase::auth, smtp::Reply(0, "", "AUTH is not offered"), 1),
            (Outcome{retry, Scope::account, "auth", false, kept, "4.7.0"}));
}

TEST(Outcome, what_is_expected_in_each_phase_is_no_failure) {
  for (const auto phase : phases) {
    const auto outcome = classify(phase, reply(phase == Phase::data ? 354 : 250, "Ok"), 1);
    EXPECT_EQ(outcome.kind, sent);
    EXPECT_EQ(outcome.scope, phase == Phase::rcpt ? Scope::recipient : Scope::message);
    EXPECT_EQ(outcome.dsn, "2.0.0");
  }
}

TEST(Outcome, every_error_of_ours_is_retried_and_counts_against_no_message) {
  using base::Errc;
  const std::vector<std::tuple<Errc, std::string_view, std::string>> errors{
      {Errc::invalid, "local-error", "4.3.0"},    {Errc::not_found, "dns", "4.4.3"},
      {Errc::exists, "local-error", "4.3.0"},     {Errc::closed, "connection-lost", "4.4.2"},
      {Errc::timeout, "timeout", "4.4.2"},        {Errc::cancelled, "shutdown", "4.3.2"},
      {Errc::refused, "unreachable", "4.4.1"},    {Errc::unreachable, "unreachable", "4.4.1"},
      {Errc::protocol, "protocol", "4.5.0"},      {Errc::tls, "tls", "4.7.0"},
      {Errc::io, "local-error", "4.3.0"},         {Errc::full, "local-error", "4.3.0"},
      {Errc::busy, "local-error", "4.3.0"},       {Errc::corrupt, "local-error", "4.3.0"},
      {Errc::newer, "local-error", "4.3.0"},      {Errc::permission, "local-error", "4.3.0"},
      {Errc::unavailable, "local-error", "4.3.0"}};
  for (const auto& [code, reason, dsn] : errors)
    EXPECT_EQ(classify(Phase::body, base::fail(code, "x")),
              (Outcome{retry, Scope::connection, reason, false, false, dsn}))
        << base::to_string(code);
}

TEST(Outcome, a_handshake_that_fails_stops_the_account_a_broken_tls_stream_does_not) {
  for (const auto phase : phases) {
    const bool handshake = std::find(before_auth.begin(), before_auth.end(), phase) != before_auth.end();
    const auto outcome = classify(phase, base::fail(base::Errc::tls, "certificate"));
    EXPECT_EQ(outcome.scope, handshake ? Scope::account : Scope::connection);
    EXPECT_EQ(outcome.never_give_up_early, handshake);
    EXPECT_EQ(outcome.reason, "tls");
  }
}

TEST(Outcome, a_pooled_connection_that_died_is_replaced_at_once) {
  for (const auto phase : phases)
    EXPECT_EQ(classify(phase, base::fail(base::Errc::closed, "")).retry_at_once, phase == Phase::mail);
}

TEST(Outcome, the_ses_id_is_taken_from_the_reply_to_the_body) {
  const auto id = [](int code, std::string_view text) { return ses_id(reply(code, text)); };
  const std::string real = "0106019dec617b98-1a2b3c4d-0000-4444-8888-123456789abc-000000";
  EXPECT_EQ(id(250, "Ok " + real), real);
  EXPECT_EQ(id(250, "2.0.0 Ok " + real), real);
  EXPECT_EQ(id(250, "Ok 01000000018f3a2b-00000001-000000"), "01000000018f3a2b-00000001-000000");
  EXPECT_EQ(id(250, "Ok " + real + " extra"), real);
  EXPECT_EQ(id(250, "Ok: queued as 4F2K1"), "");
  EXPECT_EQ(id(250, "Ok"), "");
  EXPECT_EQ(id(250, "Ok "), "");
  EXPECT_EQ(id(250, "Ok 4F2K10000000000000"), "");
  EXPECT_EQ(id(250, "Ok 0106019dec617b98"), "");
  EXPECT_EQ(id(250, "Ok 0106019dec617b98-<script>"), "");
  EXPECT_EQ(id(354, "Ok " + real), "");
  EXPECT_EQ(ses_id(smtp::Reply()), "");
}

}  // namespace
}  // namespace postern::delivery
