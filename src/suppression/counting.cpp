#include "postern/suppression/counting.hpp"

#include <algorithm>

#include "postern/base/text.hpp"

namespace postern::suppression {

bool has_reason(const std::vector<std::string>& reasons, std::string_view reason) {
  return std::ranges::any_of(
      reasons, [reason](std::string_view one) { return base::equals_ignoring_case(one, reason); });
}

std::string_view not_counted_by(const Entry& entry, const std::vector<std::string>& reasons,
                                base::Duration max_age, base::WallTime now) {
  const bool of_ses = std::ranges::any_of(
      ses_reasons, [&entry](std::string_view one) { return base::equals_ignoring_case(one, entry.reason); });
  if (!of_ses) return {};
  if (!has_reason(reasons, entry.reason)) return "suppression.reasons";
  if (max_age > base::Duration::zero() && now - entry.since > max_age) return "suppression.max_age";
  return {};
}

}  // namespace postern::suppression
