// What an entry of the suppression list means for a recipient. Pure.
#pragma once

#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/policy/gate.hpp"
#include "postern/suppression/list.hpp"

namespace postern::policy {

// The first of the entry and what else is listed for its address that the settings let count; null: none.
const suppression::Entry* counting(const Settings& settings, const suppression::Entry& entry,
                                   base::WallTime now);

// The verdict for `address`, which the entry lists.
Verdict suppressed(SuppressionAction action, const suppression::Entry& entry, std::string address);

std::string_view to_string(SuppressionAction action);

// Label of a metric: reasons come from outside, labels must be few.
std::string_view reason_label(std::string_view reason);

}  // namespace postern::policy
