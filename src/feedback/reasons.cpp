#include "feedback/reasons.hpp"

#include <fmt/format.h>

#include "postern/suppression/counting.hpp"

namespace postern::feedback {

using suppression::has_reason;
using suppression::ses_reasons;

std::vector<std::string> asked_reasons(const SuppressionSyncSettings& settings) {
  std::vector<std::string> asked;
  for (const auto reason : ses_reasons) {
    if (has_reason(settings.reasons, reason)) asked.emplace_back(reason);
  }
  return asked;
}

std::string scope_of(const SuppressionSyncSettings& settings) {
  auto asked = asked_reasons(settings);
  if (asked.empty()) asked.assign(std::begin(ses_reasons), std::end(ses_reasons));
  std::string scope = settings.region + " " + settings.account;
  for (const auto& reason : asked) scope += " " + reason;
  return scope;
}

std::vector<std::string> differences(const std::vector<std::string>& ours,
                                     const std::vector<std::string>& theirs, const std::string& where) {
  std::vector<std::string> found;
  for (const auto reason : ses_reasons) {
    if (has_reason(theirs, reason) && !has_reason(ours, reason))
      found.push_back(
          fmt::format("{} suppresses {}, suppression.reasons does not have it: postern sends such "
                      "mail and SES drops it",
                      where, reason));
    if (has_reason(ours, reason) && !has_reason(theirs, reason))
      found.push_back(
          fmt::format("suppression.reasons has {}, {} does not suppress it: postern drops mail "
                      "that SES would send",
                      reason, where));
  }
  return found;
}

}  // namespace postern::feedback
