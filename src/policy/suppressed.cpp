#include "suppressed.hpp"

#include <algorithm>
#include <array>

#include "postern/base/text.hpp"

namespace postern::policy {

namespace {

constexpr std::array<std::string_view, 2> ses_reasons{"BOUNCE", "COMPLAINT"};

bool contains(const auto& reasons, std::string_view reason) {
  return std::any_of(reasons.begin(), reasons.end(),
                     [reason](std::string_view one) { return base::equals_ignoring_case(one, reason); });
}

Verdict::Kind kind_of(SuppressionAction action) {
  switch (action) {
    case SuppressionAction::drop:
      return Verdict::Kind::drop;
    case SuppressionAction::reject:
      return Verdict::Kind::reject;
    case SuppressionAction::hold:
      return Verdict::Kind::hold;
  }
  return Verdict::Kind::reject;
}

// "ses account list" is written SES for people.
std::string for_people(std::string source) {
  constexpr std::string_view ses = "ses";
  if (source.starts_with(ses)) source.replace(0, ses.size(), "SES");
  return source;
}

// The one place that words it (CONTRACT, Replies).
std::string describe(const suppression::Entry& entry, const std::string& address) {
  constexpr std::size_t date = 10;
  std::string text = "<" + address + "> suppressed: " + entry.reason + " since ";
  text += base::to_rfc3339(entry.since).substr(0, date);
  if (!entry.source.empty()) text += " (" + for_people(entry.source) + ")";
  return text;
}

// `reasons` and `max_age` are about what SES lists; what a person put on the list stays until a person takes
// it off.
bool counts(const Settings& settings, const suppression::Entry& entry, base::WallTime now) {
  if (!contains(ses_reasons, entry.reason)) return true;
  if (!contains(settings.suppression_reasons, entry.reason)) return false;
  const auto max_age = settings.suppression_max_age;
  return max_age <= base::Duration::zero() || now - entry.since <= max_age;
}

}  // namespace

const suppression::Entry* counting(const Settings& settings, const suppression::Entry& entry,
                                   base::WallTime now) {
  if (counts(settings, entry, now)) return &entry;
  for (const auto& other : entry.also)
    if (counts(settings, other, now)) return &other;
  return nullptr;
}

Verdict suppressed(SuppressionAction action, const suppression::Entry& entry, std::string address) {
  Verdict verdict;
  verdict.kind = kind_of(action);
  verdict.reason = Verdict::Reason::suppressed;
  verdict.detail = describe(entry, address);
  verdict.address = std::move(address);
  return verdict;
}

std::string_view to_string(SuppressionAction action) {
  switch (action) {
    case SuppressionAction::drop:
      return "drop";
    case SuppressionAction::reject:
      return "reject";
    case SuppressionAction::hold:
      return "hold";
  }
  return "reject";
}

std::string_view reason_label(std::string_view reason) {
  for (const std::string_view known : {"BOUNCE", "COMPLAINT", "MANUAL"}) {
    if (base::equals_ignoring_case(known, reason)) return known;
  }
  return "OTHER";
}

}  // namespace postern::policy
