#include "feedback/reasons.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "postern/base/text.hpp"

namespace postern::feedback {

namespace {

constexpr const char* ses_reasons[] = {"BOUNCE", "COMPLAINT"};

bool has(const std::vector<std::string>& reasons, std::string_view reason) {
  return std::ranges::any_of(reasons,
                             [&](const auto& one) { return base::equals_ignoring_case(one, reason); });
}

}  // namespace

std::vector<std::string> asked_reasons(const SuppressionSyncSettings& settings) {
  std::vector<std::string> asked;
  for (const char* reason : ses_reasons) {
    if (has(settings.reasons, reason)) asked.emplace_back(reason);
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
  for (const char* reason : ses_reasons) {
    if (has(theirs, reason) && !has(ours, reason))
      found.push_back(
          fmt::format("{} suppresses {}, suppression.reasons does not have it: postern sends such "
                      "mail and SES drops it",
                      where, reason));
    if (has(ours, reason) && !has(theirs, reason))
      found.push_back(
          fmt::format("suppression.reasons has {}, {} does not suppress it: postern drops mail "
                      "that SES would send",
                      reason, where));
  }
  return found;
}

}  // namespace postern::feedback
