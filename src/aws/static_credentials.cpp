#include <fmt/format.h>

#include "aws/chain.hpp"

namespace postern::aws {

namespace {

// SES takes temporary keys over its API only (SES.md 2).
base::Result<Credentials> lasting(Credentials found) {
  const bool temporary = !found.key.session_token.empty() || found.key.access_key_id.starts_with("ASIA");
  if (!temporary) return found;
  return base::fail(base::Errc::invalid,
                    found.source + ": temporary keys; SES takes only those of an IAM user for SMTP");
}

base::Error a_role(const std::string& source) {
  return base::fail(base::Errc::invalid,
                    source + ": a role has temporary keys; SES takes only those of an IAM user for SMTP");
}

MaybeCredentials keys_of_files(const Profiles& profiles) {
  auto found = keys_of(profiles.credentials, profiles.name, profiles.credentials_path);
  if (!found || *found) return found;
  const auto process = unsupported_process(profiles, profiles.name);
  if (!process.empty()) return base::fail(base::Errc::invalid, process);
  return keys_of(profiles.config, profiles.name, profiles.config_path);
}

}  // namespace

base::Result<Credentials> static_credentials(const CredentialOptions& options,
                                             const net::Environment& environment, const ReadFile& read) {
  auto found = keys_before_files(options, environment);
  if (!found) return found.error();
  if (*found) return lasting(std::move(**found));
  const auto profiles = load_profiles(locate_profiles(options, environment), read);
  if (!profiles) return profiles.error();
  if (!profiles->value(profiles->name, "role_arn").empty()) return a_role("profile " + profiles->name);
  const bool token_file = !variable(environment, "AWS_WEB_IDENTITY_TOKEN_FILE").empty();
  if (token_file && options.profile.empty()) return a_role("web identity");
  const auto sign_in = unsupported_sign_in(*profiles, profiles->name);
  if (!sign_in.empty()) return base::fail(base::Errc::invalid, sign_in);
  found = keys_of_files(*profiles);
  if (!found) return found.error();
  if (*found) return lasting(std::move(**found));
  return base::fail(base::Errc::not_found,
                    fmt::format("no AWS keys that last. Tried: configuration, environment, profile {}. Set "
                                "aws.access_key_id and aws.secret_access_key, or AWS_ACCESS_KEY_ID and "
                                "AWS_SECRET_ACCESS_KEY",
                                profiles->name));
}

base::Result<std::string> resolve_region(const CredentialOptions& options,
                                         const net::Environment& environment, const ReadFile& read) {
  if (!options.region.empty()) return options.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const std::string region = variable(environment, name);
    if (!region.empty()) return region;
  }
  const auto profiles = load_profiles(locate_profiles(options, environment), read);
  if (!profiles) return profiles.error();
  const std::string region = profiles->value(profiles->name, "region");
  if (!region.empty()) return region;
  return base::fail(
      base::Errc::not_found,
      fmt::format("no AWS region: set aws.region, AWS_REGION, AWS_DEFAULT_REGION or region in profile {}",
                  profiles->name));
}

}  // namespace postern::aws
