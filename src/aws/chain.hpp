// The chain: asks one source after the other, in the order that the SDKs have. Loop thread. Private to the
// module.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "aws/metadata.hpp"
#include "aws/profile.hpp"
#include "aws/role_plan.hpp"
#include "aws/sts.hpp"

namespace postern::aws {

class Chain {
 public:
  Chain(CredentialOptions options, CredentialSources sources);

  base::Task<base::Result<Credentials>> resolve();
  // Of the files that the last resolve() looked at. True: one of them has changed since.
  base::Task<bool> files_changed();
  const CredentialSources& sources() const { return sources_; }

 private:
  using Stamps = std::vector<std::pair<std::string, std::string>>;
  enum class Step { role, web_identity, sign_in, credentials_file, process, config_file, container, imds };

  base::Task<base::Result<Profiles>> load();
  base::Task<MaybeCredentials> ask(Step step, const Profiles& profiles);
  base::Task<MaybeCredentials> assumed_role(const Profiles& profiles);
  base::Task<MaybeCredentials> role_source(const Profiles& profiles, const RolePlan& plan);
  base::Task<MaybeCredentials> web_identity(const Profiles& profiles, std::string profile, bool environment);
  base::Task<base::Result<Credentials>> call_sts(const Profiles& profiles, RoleRequest role,
                                                 const SigningKey* key);
  std::string sts_region(const Profiles& profiles) const;
  base::Error nothing_found(const Profiles& profiles) const;

  CredentialOptions options_;
  CredentialSources sources_;
  Stamps stamps_;
  std::string imds_note_;
};

// The steps that need no network, each in its place of the order; static_credentials walks them too.
MaybeCredentials keys_before_files(const CredentialOptions& options, const net::Environment& environment);

}  // namespace postern::aws
