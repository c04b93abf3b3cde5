// AWS Signature Version 4 (general reference, "Create a signed AWS API request"): signs a request, for the
// clients of aws; signs it again to compare, for the sandbox. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postern/base/clock.hpp"

namespace postern::aws {

struct SigningKey {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: none
};

struct SignedRequest {
  std::string method;
  std::string path;   // as on the wire, percent-encoded once; the canonical form encodes it again
  std::string query;  // as on the wire, without "?"
  std::vector<std::pair<std::string, std::string>> headers;  // those to be signed; Host among them
  std::string_view payload;
};

struct SigningScope {
  std::string region;
  std::string service;  // "ses", "sts", "sqs"
  base::WallTime when{};
  bool normalize_path = true;  // every service but S3
};

std::string amz_date(base::WallTime when);         // 20150830T123600Z
std::string payload_hash(std::string_view bytes);  // hex SHA-256

// The steps of the documentation, for tests and for an answer that names what differs.
std::string canonical_request(const SignedRequest& request, const SigningScope& scope);
std::string string_to_sign(const SignedRequest& request, const SigningScope& scope);
std::string signature(const SignedRequest& request, const SigningScope& scope,
                      std::string_view secret_access_key);  // hex

// Adds X-Amz-Date (and X-Amz-Security-Token) to the headers if they are not there, signs them all, and gives
// the value of Authorization.
std::string authorize(SignedRequest& request, const SigningScope& scope, const SigningKey& key);

// The SMTP password that SES derives from a secret key: SES.md 2, "Obtaining SES SMTP credentials by
// converting existing AWS credentials".
std::string smtp_password(std::string_view secret_access_key, std::string_view region);

}  // namespace postern::aws
