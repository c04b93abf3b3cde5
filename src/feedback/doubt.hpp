// Whether a whole list that SES gave may replace the one in force. Pure.
#pragma once

#include <optional>
#include <string>

#include "postern/suppression/sync_target.hpp"

namespace postern::feedback {

// Why not, for a person; nullopt: it may. An empty list, or less than half of what was there, is more often
// a fault (other credentials, an outage) than the truth, and would let mail go to everyone who complained.
std::optional<std::string> doubt_of(const suppression::SyncState& before, const suppression::Pass& pass);

// The pass found what an earlier one was doubted for.
bool confirms(const suppression::SyncState& before, const suppression::Pass& pass);

}  // namespace postern::feedback
