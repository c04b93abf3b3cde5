// What an operator has to mend, each with the record to publish. Pure; called by conclude.
#pragma once

#include <vector>

#include "alignment_facts.hpp"
#include "alignment_verdict.hpp"
#include "postern/policy/alignment.hpp"

namespace postern::policy {

std::vector<Advice> advise(const AlignmentSettings& settings, const AlignmentQuestion& question,
                           const AlignmentFacts& facts, const MethodVerdict& walk, const MethodVerdict& list);

}  // namespace postern::policy
