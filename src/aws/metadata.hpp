// The credential endpoints on the machine or its link: container (ECS, EKS Pod Identity) and IMDSv2. Never
// through a proxy, since they are plain http. Loop thread. Private to the module.
#pragma once

#include <optional>
#include <string>

#include "postern/aws/credentials.hpp"

namespace postern::aws {

using MaybeCredentials = base::Result<std::optional<Credentials>>;

// A file, read on the pool.
base::Task<base::Result<std::string>> read_on_pool(CredentialSources& sources, std::string path);

// The answer of either endpoint. Errc::protocol: it is none.
base::Result<Credentials> read_metadata_answer(std::string_view body, const std::string& source);

// nullopt: the environment names no such endpoint.
base::Task<MaybeCredentials> container_credentials(CredentialSources& sources);

// Where the container's credentials are; nullopt: nowhere. invalid: a host that must not get the token.
base::Result<std::optional<net::HttpUrl>> container_url(const net::Environment& environment);

// nullopt: there is no metadata service here, or no role is attached; `note` says which.
base::Task<MaybeCredentials> instance_credentials(CredentialSources& sources, std::string& note);

}  // namespace postern::aws
