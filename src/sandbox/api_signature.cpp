#include "api_signature.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace postern::sandbox {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::chrono::minutes window{5};

struct Authorization {
  std::string access_key_id, date, region, service;
  std::vector<std::string> signed_headers;
  std::string signature;
};

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(by);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The value of NAME=VALUE among the parts between commas.
std::string parameter(std::string_view parts, std::string_view name) {
  for (const auto& part : split(parts, ',')) {
    const auto text = trimmed(part);
    if (text.starts_with(name) && text.substr(name.size()).starts_with('='))
      return std::string(text.substr(name.size() + 1));
  }
  return {};
}

std::optional<Authorization> parse_authorization(std::string_view text) {
  if (!text.starts_with(algorithm)) return std::nullopt;
  text.remove_prefix(algorithm.size());
  const auto credential = split(parameter(text, "Credential"), '/');
  Authorization out;
  out.signature = parameter(text, "Signature");
  const auto names = parameter(text, "SignedHeaders");
  if (credential.size() != 5 || credential[4] != "aws4_request" || names.empty() || out.signature.empty())
    return std::nullopt;
  out.access_key_id = credential[0];
  out.date = credential[1];
  out.region = credential[2];
  out.service = credential[3];
  out.signed_headers = split(names, ';');
  return out;
}

std::string header_of(const net::HttpRequest& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

// "20261124T100000Z"
std::optional<base::WallTime> parse_amz_date(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  const auto part = [text](std::size_t at, std::size_t size) { return text.substr(at, size); };
  const auto time = base::from_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 2), part(6, 2),
                                                   part(9, 2), part(11, 2), part(13, 2)));
  if (!time || aws::amz_date(*time) != text) return std::nullopt;
  return *time;
}

ApiError refusal(std::string type, std::string message) {
  return {403, std::move(type), std::move(message), true};
}

ApiError incomplete(std::string message) {
  return {400, "IncompleteSignatureException", std::move(message), true};
}

ApiError mismatch(const SignatureRules& rules, std::string message) {
  return refusal(rules.legacy_names ? "SignatureDoesNotMatch" : "InvalidSignatureException",
                 std::move(message));
}

bool is_signed(const Authorization& authorization, std::string_view name) {
  const auto& names = authorization.signed_headers;
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<ApiError> check_key(const net::HttpRequest& request, const Authorization& authorization,
                                  const SignatureRules& rules) {
  const bool known = authorization.access_key_id == rules.key.access_key_id;
  const auto token = header_of(request, "x-amz-security-token");
  if (known && equal_secrets(token, rules.key.session_token)) return std::nullopt;
  return refusal(rules.legacy_names ? "InvalidClientTokenId" : "UnrecognizedClientException",
                 "The security token included in the request is invalid.");
}

std::optional<ApiError> check_time(base::WallTime when, const SignatureRules& rules) {
  const auto name = rules.legacy_names ? "RequestTimeTooSkewed" : "InvalidSignatureException";
  if (when + window < rules.now)
    return refusal(
        name, fmt::format("Signature expired: {} is now earlier than {} ({} - 5 min.)", aws::amz_date(when),
                          aws::amz_date(rules.now - window), aws::amz_date(rules.now)));
  if (when > rules.now + window)
    return refusal(
        name, fmt::format("Signature not yet current: {} is still later than {} ({} + 5 min.)",
                          aws::amz_date(when), aws::amz_date(rules.now + window), aws::amz_date(rules.now)));
  return std::nullopt;
}

std::optional<ApiError> check_scope(const Authorization& authorization, base::WallTime when,
                                    const SignatureRules& rules) {
  if (authorization.date != aws::amz_date(when).substr(0, 8))
    return mismatch(rules,
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                    "from HTTP");
  if (authorization.region != rules.region)
    return mismatch(rules, "Credential should be scoped to a valid region. ");
  if (authorization.service != "ses")
    return mismatch(rules, "Credential should be scoped to correct service: 'ses'. ");
  return std::nullopt;
}

std::optional<ApiError> compare(const net::HttpRequest& request, const Authorization& authorization,
                                base::WallTime when, const SignatureRules& rules) {
  aws::SignedRequest again;
  again.method = request.method;
  again.path = request.path;
  again.query = request.query;
  again.payload = request.body;
  for (const auto& name : authorization.signed_headers)
    again.headers.emplace_back(name, header_of(request, name));
  const aws::SigningScope scope{rules.region, "ses", when};
  if (equal_secrets(authorization.signature, aws::signature(again, scope, rules.key.secret_access_key)))
    return std::nullopt;
  return mismatch(rules,
                  "The request signature we calculated does not match the signature you provided. Check your "
                  "AWS Secret Access Key and signing method. Consult the service documentation for details.");
}

}  // namespace

std::optional<ApiError> check_signature(const net::HttpRequest& request, const SignatureRules& rules) {
  const auto text = header_of(request, "authorization");
  if (text.empty()) return refusal("MissingAuthenticationTokenException", "Missing Authentication Token");
  const auto authorization = parse_authorization(text);
  if (!authorization)
    return incomplete(
        "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.");
  const auto when = parse_amz_date(header_of(request, "x-amz-date"));
  if (!when) return incomplete("Authorization header requires existence of a valid 'X-Amz-Date' header.");
  if (!is_signed(*authorization, "host") || !is_signed(*authorization, "x-amz-date"))
    return mismatch(rules, "'Host' and 'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
  if (auto refused = check_key(request, *authorization, rules)) return refused;
  if (auto refused = check_time(*when, rules)) return refused;
  if (auto refused = check_scope(*authorization, *when, rules)) return refused;
  return compare(request, *authorization, *when, rules);
}

bool equal_secrets(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace postern::sandbox
