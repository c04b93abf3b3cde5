#include "replies.hpp"

#include <fmt/format.h>

namespace postern::intake::replies {

using policy::Verdict;
using smtp::Reply;

namespace {

Reply refused(int permanent, std::string_view detail, const Verdict& verdict) {
  const bool later = verdict.kind == Verdict::Kind::defer;
  const std::string status = later ? "4.7.1" : "5.7.1";
  return Reply(later ? 450 : permanent, status, std::string(detail));
}

std::string or_default(const std::string& detail, std::string_view otherwise) {
  return detail.empty() ? std::string(otherwise) : detail;
}

// RFC 7372 3.2 has the codes of SPF, RFC 7489 10.3 that of DMARC.
Reply for_alignment(const Verdict& verdict) {
  const auto detail = or_default(verdict.detail, "The sender is not aligned");
  if (verdict.reason == Verdict::Reason::spf_fail) return Reply(550, "5.7.23", detail);
  if (verdict.reason == Verdict::Reason::spf_permerror) return Reply(550, "5.7.24", detail);
  if (verdict.reason == Verdict::Reason::dmarc_fail) return Reply(550, "5.7.1", detail);
  return Reply(451, "4.7.24", detail);
}

}  // namespace

Reply for_client(const Verdict& verdict) {
  return refused(554, or_default(verdict.detail, "Relaying denied: your address is not in access.networks"),
                 verdict);
}

Reply for_sender(const Verdict& verdict) {
  switch (verdict.reason) {
    case Verdict::Reason::none:
      return Reply(250, "2.1.0", "Ok");
    case Verdict::Reason::null_sender:
      return Reply(550, "5.7.1",
                   or_default(verdict.detail, "The null sender can not be relayed: SES refuses it"));
    case Verdict::Reason::sender_invalid:
      return Reply(553, "5.1.7", or_default(verdict.detail, "Not an address that can be relayed"));
    case Verdict::Reason::sender_not_allowed:
    case Verdict::Reason::client_not_allowed:
    case Verdict::Reason::recipient_not_allowed:
    case Verdict::Reason::suppressed:
    case Verdict::Reason::suppression_unavailable:
      return refused(550, or_default(verdict.detail, "Sender not allowed"), verdict);
    case Verdict::Reason::spf_fail:
    case Verdict::Reason::spf_permerror:
    case Verdict::Reason::dmarc_fail:
    case Verdict::Reason::alignment_unknown:
      return for_alignment(verdict);
  }
  return refused(550, "Sender not allowed", verdict);
}

Reply for_recipient(const Verdict& verdict) {
  switch (verdict.reason) {
    case Verdict::Reason::none:
      return Reply(250, "2.1.5", "Ok");
    case Verdict::Reason::suppressed:
      if (verdict.kind == Verdict::Kind::reject) return Reply(550, "5.1.1", verdict.detail);
      return Reply(250, "2.1.5", "Ok");
    case Verdict::Reason::suppression_unavailable:
      return Reply(451, "4.3.0", "The suppression list can not be read now, try again later");
    case Verdict::Reason::sender_invalid:
      return Reply(553, "5.1.3", or_default(verdict.detail, "Not an address that can be mailed"));
    case Verdict::Reason::recipient_not_allowed:
    case Verdict::Reason::client_not_allowed:
    case Verdict::Reason::sender_not_allowed:
    case Verdict::Reason::null_sender:
    case Verdict::Reason::spf_fail:
    case Verdict::Reason::spf_permerror:
    case Verdict::Reason::dmarc_fail:
    case Verdict::Reason::alignment_unknown:
      return refused(550, or_default(verdict.detail, "Recipient not allowed"), verdict);
  }
  return refused(550, "Recipient not allowed", verdict);
}

Reply for_refused_header(const mail::Refused& refused) {
  switch (refused.why) {
    case mail::Refusal::too_many_hops:
      return Reply(554, "5.4.6", "Too many hops: this message goes round in a loop");
    case mail::Refusal::no_from:
      return Reply(554, "5.6.0", or_default(refused.detail, "A message needs exactly one From field"));
    case mail::Refusal::malformed_header:
      return Reply(554, "5.6.0",
                   "Malformed message header: " + or_default(refused.detail, "not a header section"));
  }
  return Reply(554, "5.6.0", "Malformed message");
}

Reply for_body_problem(BodyProblem problem) {
  switch (problem) {
    case BodyProblem::none:
      return Reply(250, "2.0.0", "Ok");
    case BodyProblem::too_large:
      return Reply(552, "5.3.4", "Message size exceeds the limit");
    case BodyProblem::header_too_large:
      return Reply(552, "5.3.4", "Message header exceeds 1 MiB");
    case BodyProblem::nul:
      return Reply(554, "5.6.0", "The message holds NUL characters: no signature over it could be verified");
    case BodyProblem::bare_newline:
      return Reply(554, "5.6.0", "Bare <LF> or <CR> received: lines must end with <CR><LF>");
    case BodyProblem::disk_full:
      return disk_full();
    case BodyProblem::disk_failed:
      return Reply(451, "4.3.0", "The message could not be stored, try again later");
  }
  return Reply(451, "4.3.0", "The message could not be read");
}

Reply for_store_error(const base::Error& error) {
  if (error.code == base::Errc::full) return disk_full();
  return Reply(451, "4.3.0", "The message could not be stored, try again later");
}

Reply queued(std::string_view id) {
  return Reply(250, "2.0.0", fmt::format("Ok: queued as {}", id));
}
Reply all_dropped() {
  return Reply(250, "2.0.0", "Ok: every recipient is on the suppression list");
}
Reply disk_full() {
  return Reply(452, "4.3.1", "Insufficient system storage, try again later");
}
Reply too_fast() {
  return Reply(450, "4.7.1", "Too many messages in a minute from your address, try again later");
}
Reply too_many_connections() {
  return Reply(421, "4.7.0", "Too many connections, try again later");
}
Reply shutting_down() {
  return Reply(421, "4.3.2", "Shutting down, try again later");
}
Reply idle_too_long() {
  return Reply(421, "4.4.2", "Timeout, closing the connection");
}

}  // namespace postern::intake::replies
