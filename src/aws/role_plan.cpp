#include "aws/role_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::aws {

namespace {

constexpr std::size_t longest_chain = 5;

base::Error bad_profile(const std::string& profile, std::string_view why) {
  return base::fail(base::Errc::invalid, fmt::format("profile {}: {}", profile, why));
}

base::Result<void> check_role(const Profiles& profiles, const std::string& profile) {
  const bool source = !profiles.value(profile, "source_profile").empty();
  const bool credential_source = !profiles.value(profile, "credential_source").empty();
  if (!profiles.value(profile, "mfa_serial").empty())
    return bad_profile(profile, "mfa_serial asks for a person; give postern a role without MFA");
  if (source && credential_source)
    return bad_profile(profile, "source_profile and credential_source exclude each other");
  if (!source && !credential_source)
    return bad_profile(profile,
                       "role_arn needs source_profile, credential_source or web_identity_token_file");
  return {};
}

}  // namespace

bool assumes_role(const Profiles& profiles, const std::string& profile) {
  return !profiles.value(profile, "role_arn").empty() &&
         profiles.value(profile, "web_identity_token_file").empty();
}

bool has_keys(const Profiles& profiles, const std::string& profile) {
  return !profiles.value(profile, "aws_access_key_id").empty();
}

base::Result<RolePlan> plan_roles(const Profiles& profiles) {
  RolePlan out;
  std::string at = profiles.name;
  for (;;) {
    auto good = check_role(profiles, at);
    if (!good) return good.error();
    out.profiles.push_back(at);
    out.credential_source = profiles.value(at, "credential_source");
    if (!out.credential_source.empty()) return out;
    const std::string source = profiles.value(at, "source_profile");
    if (!profiles.contains(source))
      return bad_profile(at, "its source_profile " + source + " does not exist");
    // Keys of its own end the chain; a profile may be its own source by them.
    out.source_profile = source;
    if (has_keys(profiles, source) || !assumes_role(profiles, source)) return out;
    if (std::ranges::find(out.profiles, source) != out.profiles.end())
      return bad_profile(at, "source_profile goes round in a circle");
    if (out.profiles.size() == longest_chain) return bad_profile(at, "too many roles one after the other");
    at = source;
  }
}

}  // namespace postern::aws
