// What becomes of a recipient after the 250: delivered, bounced, complained about, or held back because of
// the suppression list. Bounce types, subtypes and diagnostic codes are those of SES's events. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reasons.hpp"
#include "suppression_list.hpp"

namespace postern::sandbox {

struct Outcome {
  std::string address;
  std::string result;  // delivered, bounced, complained, suppressed
  std::string bounce_type, bounce_subtype, diagnostic_code;
  std::string complaint_feedback_type;
  std::optional<Reason> reason;  // that of the entry it is suppressed for
  std::optional<Reason> enters;  // put on the list for this
};

// Addresses that bounce or complain, as patterns; *@bounce.example and *@complaint.example do anyway.
struct Misfortunes {
  std::vector<std::string> bounce, complain;
};

// The mailbox simulator first: its addresses are never on the list. `entry`: what the list has, or null.
// `reasons`: those that count for this message; without one of them nothing is suppressed for it, and nothing
// enters the list.
Outcome outcome_of(std::string_view recipient, const Suppressed* entry, Reasons reasons,
                   const Misfortunes& misfortunes);

bool is_simulated(std::string_view recipient);  // @simulator.amazonses.com

// The local part without a label, lower case: what --fail-rcpt, --fail-data and the simulator go by.
std::string unlabelled_name(std::string_view address);

}  // namespace postern::sandbox
