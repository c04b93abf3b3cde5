#include "aws/chain.hpp"

#include <fmt/format.h>

#include <array>

#include "aws/endpoint.hpp"
#include "aws/text.hpp"

namespace postern::aws {

namespace {

std::optional<Credentials> none() {
  return std::nullopt;
}

MaybeCredentials maybe(base::Result<Credentials> found) {
  if (!found) return found.error();
  return std::optional<Credentials>(std::move(*found));
}

MaybeCredentials refuse(const std::string& why) {
  if (why.empty()) return none();
  return base::fail(base::Errc::invalid, why);
}

RoleRequest role_of(const Profiles& profiles, const std::string& profile) {
  RoleRequest out;
  out.role_arn = profiles.value(profile, "role_arn");
  out.external_id = profiles.value(profile, "external_id");
  out.duration_seconds = profiles.value(profile, "duration_seconds");
  const std::string name = profiles.value(profile, "role_session_name");
  if (!name.empty()) out.session_name = name;
  return out;
}

bool worth_another_try(const base::Error& error) {
  using base::Errc;
  return error.code == Errc::unavailable || error.code == Errc::timeout || error.code == Errc::closed ||
         error.code == Errc::io;
}

}  // namespace

// A profile that is asked for by the configuration says that the environment's keys are not meant.
MaybeCredentials keys_before_files(const CredentialOptions& options, const net::Environment& environment) {
  auto found = keys_of(options);
  if (!found || *found || !options.profile.empty()) return found;
  return keys_of(environment);
}

Chain::Chain(CredentialOptions options, CredentialSources sources)
    : options_(std::move(options)), sources_(std::move(sources)) {}

base::Task<base::Result<Credentials>> Chain::resolve() {
  stamps_.clear();
  auto found = keys_before_files(options_, sources_.environment);
  if (!found) co_return found.error();
  if (*found) co_return std::move(**found);
  auto profiles = co_await load();
  if (!profiles) co_return profiles.error();
  constexpr std::array order{Step::role,    Step::web_identity, Step::sign_in,   Step::credentials_file,
                             Step::process, Step::config_file,  Step::container, Step::imds};
  for (const Step step : order) {
    found = co_await ask(step, *profiles);
    if (!found) co_return found.error();
    if (*found) co_return std::move(**found);
  }
  co_return nothing_found(*profiles);
}

base::Task<MaybeCredentials> Chain::ask(Step step, const Profiles& profiles) {
  MaybeCredentials found = none();
  switch (step) {
    case Step::role:
      found = co_await assumed_role(profiles);
      break;
    case Step::web_identity:
      found = co_await web_identity(profiles, profiles.name, options_.profile.empty());
      break;
    case Step::sign_in:
      found = refuse(unsupported_sign_in(profiles, profiles.name));
      break;
    case Step::credentials_file:
      found = keys_of(profiles.credentials, profiles.name, profiles.credentials_path);
      break;
    case Step::process:
      found = refuse(unsupported_process(profiles, profiles.name));
      break;
    case Step::config_file:
      found = keys_of(profiles.config, profiles.name, profiles.config_path);
      break;
    case Step::container:
      found = co_await container_credentials(sources_);
      break;
    case Step::imds:
      found = co_await instance_credentials(sources_, imds_note_);
      break;
  }
  co_return found;
}

base::Task<base::Result<Profiles>> Chain::load() {
  struct Loaded {
    base::Result<Profiles> profiles;
    Stamps stamps;
  };
  // The stamps first: a file that changes while it is read counts as changed.
  auto work = [files = sources_.files, located = locate_profiles(options_, sources_.environment)] {
    Stamps stamps;
    for (const auto& path : {located.credentials_path, located.config_path})
      if (!path.empty()) stamps.emplace_back(path, files.stamp(path));
    return Loaded{load_profiles(located, files.read), std::move(stamps)};
  };
  auto loaded = co_await base::offload(sources_.disk, std::move(work));
  stamps_ = std::move(loaded.stamps);
  co_return std::move(loaded.profiles);
}

base::Task<bool> Chain::files_changed() {
  if (stamps_.empty()) co_return false;
  auto work = [stamp = sources_.files.stamp, known = stamps_] {
    for (const auto& [path, before] : known)
      if (stamp(path) != before) return true;
    return false;
  };
  const bool changed = co_await base::offload(sources_.disk, std::move(work));
  co_return changed;
}

base::Task<MaybeCredentials> Chain::assumed_role(const Profiles& profiles) {
  if (!assumes_role(profiles, profiles.name)) co_return none();
  auto plan = plan_roles(profiles);
  if (!plan) co_return plan.error();
  auto found = co_await role_source(profiles, *plan);
  if (!found) co_return found.error();
  if (!*found) {
    co_return base::fail(
        base::Errc::not_found,
        fmt::format("profile {}: its source ({}) has no credentials", plan->profiles.back(),
                    plan->credential_source.empty() ? plan->source_profile : plan->credential_source));
  }
  Credentials current = std::move(**found);
  for (auto role = plan->profiles.rbegin(); role != plan->profiles.rend(); ++role) {
    auto request = role_of(profiles, *role);
    auto next = co_await call_sts(profiles, std::move(request), &current.key);
    if (!next)
      co_return base::fail(next.error().code, fmt::format("profile {}: {}", *role, next.error().message));
    current = std::move(*next);
  }
  co_return std::optional<Credentials>(std::move(current));
}

// What the first role is assumed with.
base::Task<MaybeCredentials> Chain::role_source(const Profiles& profiles, const RolePlan& plan) {
  MaybeCredentials found = none();
  if (plan.credential_source == "Environment") {
    found = keys_of(sources_.environment);
  } else if (plan.credential_source == "EcsContainer") {
    found = co_await container_credentials(sources_);
  } else if (plan.credential_source == "Ec2InstanceMetadata") {
    found = co_await instance_credentials(sources_, imds_note_);
  } else if (!plan.credential_source.empty()) {
    found = refuse(
        fmt::format("profile {}: credential_source is Environment, Ec2InstanceMetadata or EcsContainer",
                    plan.profiles.back()));
  } else {
    const auto& source = plan.source_profile;
    found = keys_of(profiles.credentials, source, profiles.credentials_path);
    if (found && !*found) found = keys_of(profiles.config, source, profiles.config_path);
    if (found && !*found) found = co_await web_identity(profiles, source, false);
    if (found && !*found) found = refuse(unsupported_sign_in(profiles, source));
    if (found && !*found) found = refuse(unsupported_process(profiles, source));
  }
  co_return found;
}

base::Task<MaybeCredentials> Chain::web_identity(const Profiles& profiles, std::string profile,
                                                 bool environment) {
  RoleRequest role = role_of(profiles, profile);
  std::string token_file = profiles.value(profile, "web_identity_token_file");
  const std::string from_environment = variable(sources_.environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  if (environment && !from_environment.empty()) {
    token_file = from_environment;
    role = RoleRequest();
    role.role_arn = variable(sources_.environment, "AWS_ROLE_ARN");
    const std::string name = variable(sources_.environment, "AWS_ROLE_SESSION_NAME");
    if (!name.empty()) role.session_name = name;
  }
  if (token_file.empty()) co_return none();
  if (role.role_arn.empty())
    co_return base::fail(base::Errc::invalid, "web identity: a token file, but no role (AWS_ROLE_ARN)");
  // Read each time: the kubelet puts a new token there.
  auto token = co_await read_on_pool(sources_, token_file);
  if (!token) {
    co_return base::fail(token.error().code,
                         "web identity: the token file " + token_file + " cannot be read");
  }
  role.web_identity_token = trim(*token);
  if (role.web_identity_token.empty())
    co_return base::fail(base::Errc::invalid, "web identity: the token file " + token_file + " is empty");
  auto found = co_await call_sts(profiles, std::move(role), nullptr);
  co_return maybe(std::move(found));
}

base::Task<base::Result<Credentials>> Chain::call_sts(const Profiles& profiles, RoleRequest role,
                                                      const SigningKey* key) {
  constexpr int tries = 3;
  EndpointQuery query{"sts", "STS", sts_region(profiles), ""};
  const auto endpoint = endpoint_of(query, sources_.environment);
  if (!endpoint) co_return base::fail(endpoint.error().code, "STS: " + endpoint.error().message);
  for (int left = tries;; --left) {
    auto call = sts_call(*endpoint, role);
    if (key != nullptr) sign_sts_call(call, *key, query.region, sources_.clock.wall_now());
    auto answer = co_await sources_.http.call(std::move(call));
    base::Result<Credentials> found = answer ? read_sts_answer(*answer, role) : answer.error();
    if (found || left == 1 || !worth_another_try(found.error())) co_return found;
    co_await base::sleep_for(sources_.clock, std::chrono::seconds(1));
  }
}

std::string Chain::sts_region(const Profiles& profiles) const {
  if (!options_.region.empty()) return options_.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const std::string region = variable(sources_.environment, name);
    if (!region.empty()) return region;
  }
  return profiles.value(profiles.name, "region");
}

base::Error Chain::nothing_found(const Profiles& profiles) const {
  const auto files = profiles.credentials_path.empty()
                         ? std::string("no home directory to look in")
                         : profiles.credentials_path + ", " + profiles.config_path;
  return base::fail(
      base::Errc::not_found,
      fmt::format(
          "no AWS credentials. Tried: configuration, environment, web identity (no "
          "AWS_WEB_IDENTITY_TOKEN_FILE), profile {} ({}), container (no AWS_CONTAINER_CREDENTIALS_...), "
          "instance metadata ({}). Set aws.access_key_id and aws.secret_access_key, the variables "
          "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine or pod a role",
          profiles.name, files, imds_note_));
}

}  // namespace postern::aws
