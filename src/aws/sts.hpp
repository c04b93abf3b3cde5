// AssumeRole and AssumeRoleWithWebIdentity of STS as a request and an answer. Pure. Private to the module.
#pragma once

#include <string>

#include "postern/aws/credentials.hpp"
#include "postern/net/http_client.hpp"

namespace postern::aws {

struct RoleRequest {
  std::string role_arn;
  std::string session_name = "postern";
  std::string external_id, duration_seconds;  // empty: not sent
  std::string web_identity_token;             // empty: AssumeRole, which is signed
};

net::HttpCall sts_call(const net::HttpUrl& endpoint, const RoleRequest& role);
void sign_sts_call(net::HttpCall& call, const SigningKey& key, const std::string& region, base::WallTime now);

// Errors: permission (STS says no, with its reason), unavailable (5xx), protocol.
base::Result<Credentials> read_sts_answer(const net::HttpResponse& answer, const RoleRequest& role);

}  // namespace postern::aws
