#include "suppressed.hpp"

#include "postern/base/text.hpp"
#include "postern/suppression/counting.hpp"

namespace postern::policy {

namespace {

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

bool counts(const Settings& settings, const suppression::Entry& entry, base::WallTime now) {
  return suppression::not_counted_by(entry, settings.suppression_reasons, settings.suppression_max_age, now)
      .empty();
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
