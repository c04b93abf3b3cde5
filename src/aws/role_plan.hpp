// Which roles a profile wants assumed one after the other, and with what the first one is. Pure. Private to
// the module.
#pragma once

#include <string>
#include <vector>

#include "aws/profile.hpp"

namespace postern::aws {

struct RolePlan {
  std::vector<std::string> profiles;  // each with a role_arn; the one that is wanted first
  // What the last of them is assumed with: one of the two.
  std::string source_profile;     // keys, or a web identity
  std::string credential_source;  // Environment, Ec2InstanceMetadata, EcsContainer
};

bool assumes_role(const Profiles& profiles, const std::string& profile);  // and not by web identity
bool has_keys(const Profiles& profiles, const std::string& profile);

// Errc::invalid names the profile and what is wrong with it.
base::Result<RolePlan> plan_roles(const Profiles& profiles);

}  // namespace postern::aws
