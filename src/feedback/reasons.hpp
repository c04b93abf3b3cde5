// Which reasons are asked for, and how they differ from what SES acts on. Pure.
#pragma once

#include <string>
#include <vector>

#include "postern/feedback/suppression_sync.hpp"

namespace postern::feedback {

// Of suppression.reasons those that SES knows, in a fixed order; empty: all.
std::vector<std::string> asked_reasons(const SuppressionSyncSettings& settings);

// Names the list that is asked for: lists of different scope are not compared.
std::string scope_of(const SuppressionSyncSettings& settings);

// One sentence a difference, with what follows from it. `where`: "the account", "configuration set x".
std::vector<std::string> differences(const std::vector<std::string>& ours,
                                     const std::vector<std::string>& theirs, const std::string& where);

}  // namespace postern::feedback
