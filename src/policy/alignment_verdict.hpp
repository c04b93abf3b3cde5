// What receivers of either RFC make of the facts, and which of the two is reported. Pure; called by
// alignment_job.cpp when all look-ups are done.
#pragma once

#include <string>

#include "alignment_facts.hpp"
#include "postern/policy/alignment.hpp"

namespace postern::policy {

enum class Leg { pass, fail, unknown };

struct MethodVerdict {
  DmarcMethod method{};
  DmarcResult result = DmarcResult::none;
  DmarcPolicy policy = DmarcPolicy::none;  // what receivers of this method apply, t and pct=0 reckoned with
  Leg spf = Leg::fail;
  Leg dkim = Leg::fail;
  bool spf_aligned = false;
  bool dkim_aligned = false;
  std::string detail;
};

MethodVerdict judge(const AlignmentQuestion& question, const AlignmentFacts& facts,
                    const MethodFacts& method);
bool is_worse(const MethodVerdict& a, const MethodVerdict& b);

// All but `expires`.
Assessment conclude(const AlignmentSettings& settings, const AlignmentQuestion& question,
                    const AlignmentFacts& facts);

}  // namespace postern::policy
