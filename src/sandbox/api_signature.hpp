// Is this request signed as the account's access key would sign it (SigV4, Authorization header)? Signs it
// again and compares. Pure.
#pragma once

#include <optional>
#include <string>

#include "api_answer.hpp"
#include "postern/aws/sigv4.hpp"
#include "postern/base/clock.hpp"
#include "postern/net/http_server.hpp"

namespace postern::sandbox {

struct SignatureRules {
  const aws::SigningKey& key;
  const std::string& region;
  base::WallTime now;
  // SES v2 says UnrecognizedClientException and InvalidSignatureException; version 1 and other services
  // InvalidClientTokenId, SignatureDoesNotMatch and RequestTimeTooSkewed. A client has to know both.
  bool legacy_names = false;
};

// nullopt: it is good.
std::optional<ApiError> check_signature(const net::HttpRequest& request, const SignatureRules& rules);

// Takes as long wherever the two differ.
bool equal_secrets(const std::string& a, const std::string& b);

}  // namespace postern::sandbox
