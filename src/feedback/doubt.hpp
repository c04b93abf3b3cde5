// Whether a whole list that SES gave may replace the one in force. Pure.
#pragma once

#include <optional>
#include <string>

#include "postern/suppression/sync_target.hpp"

namespace postern::feedback {

// Why not, for a person; nullopt: it may. An empty list, or one that has lost more than a fifth, is more
// often a fault (other credentials, an outage) than the truth, and would let mail go to everyone who
// complained. It looks the same the second time, so only a person lifts the doubt.
std::optional<std::string> doubt_of(const suppression::SyncState& before, const suppression::Pass& pass);

}  // namespace postern::feedback
