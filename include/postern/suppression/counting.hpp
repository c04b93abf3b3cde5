// Which entries count, by the reasons and the age that are configured: what the listener drops, and what
// `postern suppression check` says. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "postern/suppression/list.hpp"

namespace postern::suppression {

// What SES lists an address for (SuppressionListReason).
constexpr std::array<std::string_view, 2> ses_reasons{"BOUNCE", "COMPLAINT"};

// Case does not count.
bool has_reason(const std::vector<std::string>& reasons, std::string_view reason);

// The key of the configuration by which the entry does not count; empty: it counts. `reasons` and `max_age`
// (0: none) are about what SES lists; what a person put on the list stays until a person takes it off.
std::string_view not_counted_by(const Entry& entry, const std::vector<std::string>& reasons,
                                base::Duration max_age, base::WallTime now);

}  // namespace postern::suppression
