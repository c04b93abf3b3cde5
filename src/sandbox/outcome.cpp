#include "outcome.hpp"

#include <algorithm>

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"

namespace postern::sandbox {
namespace {

constexpr std::string_view user_unknown = "smtp; 550 5.1.1 user unknown";

Outcome delivered() {
  Outcome outcome;
  outcome.result = "delivered";
  return outcome;
}

Outcome bounced(std::string_view type, std::string_view subtype, std::string_view code) {
  Outcome outcome;
  outcome.result = "bounced";
  outcome.bounce_type = type;
  outcome.bounce_subtype = subtype;
  outcome.diagnostic_code = code;
  return outcome;
}

Outcome complained() {
  Outcome outcome;
  outcome.result = "complained";
  outcome.complaint_feedback_type = "abuse";
  return outcome;
}

Outcome suppressed(std::string_view subtype, std::string_view why) {
  auto outcome = bounced("Permanent", subtype, why);
  outcome.result = "suppressed";
  return outcome;
}

Outcome simulated(std::string_view recipient) {
  const auto name = unlabelled_name(recipient);
  if (name == "bounce") return bounced("Permanent", "General", user_unknown);
  if (name == "complaint") return complained();
  if (name == "suppressionlist")
    return suppressed("Suppressed",
                      "Amazon SES has suppressed sending to this address: it is on the global list");
  auto outcome = delivered();
  if (name == "ooto") {  // delivered, and an automatic reply came back
    outcome.bounce_type = "Transient";
    outcome.bounce_subtype = "General";
  }
  return outcome;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view builtin,
                 std::string_view address) {
  const auto fits = [address](std::string_view pattern) { return mail::matches_pattern(pattern, address); };
  return fits(builtin) || std::any_of(patterns.begin(), patterns.end(), fits);
}

Outcome decide(std::string_view recipient, const Suppressed* entry, Reasons reasons,
               const Misfortunes& misfortunes) {
  if (is_simulated(recipient)) return simulated(recipient);
  if (entry != nullptr && reasons.has(entry->reason)) {
    auto outcome = suppressed("OnAccountSuppressionList",
                              "Amazon SES did not send the message: the address is on the account's list");
    outcome.reason = entry->reason;
    return outcome;
  }
  Outcome outcome = delivered();
  std::optional<Reason> reason;
  if (matches_any(misfortunes.bounce, "*@bounce.example", recipient)) {
    outcome = bounced("Permanent", "General", user_unknown);
    reason = Reason::bounce;
  } else if (matches_any(misfortunes.complain, "*@complaint.example", recipient)) {
    outcome = complained();
    reason = Reason::complaint;
  }
  if (reason && reasons.has(*reason)) outcome.enters = reason;
  return outcome;
}

}  // namespace

Outcome outcome_of(std::string_view recipient, const Suppressed* entry, Reasons reasons,
                   const Misfortunes& misfortunes) {
  auto outcome = decide(recipient, entry, reasons, misfortunes);
  outcome.address = recipient;
  return outcome;
}

bool is_simulated(std::string_view recipient) {
  return base::equals_ignoring_case(mail::domain_of(recipient), "simulator.amazonses.com");
}

std::string unlabelled_name(std::string_view address) {
  const auto local = mail::local_part(address);
  return base::to_lower(local.substr(0, local.find('+')));
}

}  // namespace postern::sandbox
