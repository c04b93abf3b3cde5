#include "aws/sts.hpp"

#include <fmt/format.h>

#include "aws/profile.hpp"
#include "aws/text.hpp"
#include "aws/uri.hpp"
#include "aws/xml.hpp"

namespace postern::aws {

namespace {

std::string action_of(const RoleRequest& role) {
  return role.web_identity_token.empty() ? "AssumeRole" : "AssumeRoleWithWebIdentity";
}

base::Error refusal(const net::HttpResponse& answer, const RoleRequest& role) {
  const auto texts = parse_xml(answer.body);
  std::string code, message;
  if (texts) {
    code = variable(*texts, "ErrorResponse/Error/Code");
    message = variable(*texts, "ErrorResponse/Error/Message");
  }
  const auto text = fmt::format("STS answers {} to {} for {}: {} {}", answer.status, action_of(role),
                                role.role_arn, one_line(code, 100), one_line(message));
  const bool theirs = answer.status >= 500 || answer.status == 429 || code == "Throttling";
  const auto kind = theirs ? base::Errc::unavailable : base::Errc::permission;
  return base::fail(kind, std::string(trim(without_secrets(text, {role.web_identity_token}))));
}

}  // namespace

net::HttpCall sts_call(const net::HttpUrl& endpoint, const RoleRequest& role) {
  net::HttpCall call;
  call.method = "POST";
  call.url = endpoint;
  call.repeatable = true;  // twice the role is one more session, no more
  call.limits.connect = std::chrono::seconds(5);
  call.limits.head = call.limits.whole = std::chrono::seconds(15);
  call.limits.max_body = 64UL * 1024;
  call.headers = {{"Host", endpoint.authority()},
                  {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  call.body = fmt::format("Action={}&Version=2011-06-15&RoleArn={}&RoleSessionName={}", action_of(role),
                          uri_encode(role.role_arn), uri_encode(role.session_name));
  if (!role.external_id.empty()) call.body += "&ExternalId=" + uri_encode(role.external_id);
  if (!role.duration_seconds.empty()) call.body += "&DurationSeconds=" + uri_encode(role.duration_seconds);
  if (!role.web_identity_token.empty())
    call.body += "&WebIdentityToken=" + uri_encode(role.web_identity_token);
  return call;
}

void sign_sts_call(net::HttpCall& call, const SigningKey& key, const std::string& region,
                   base::WallTime now) {
  SignedRequest request{call.method, call.url.path, call.url.query, call.headers, call.body};
  const auto authorization = authorize(request, {region, "sts", now}, key);
  call.headers = std::move(request.headers);
  call.headers.emplace_back("Authorization", authorization);
}

base::Result<Credentials> read_sts_answer(const net::HttpResponse& answer, const RoleRequest& role) {
  if (answer.status != 200) return refusal(answer, role);
  const auto texts = parse_xml(answer.body);
  if (!texts) return base::fail(texts.error().code, "STS: " + texts.error().message);
  const std::string action = action_of(role);
  const auto value = [&](const char* name) {
    return variable(*texts, fmt::format("{0}Response/{0}Result/Credentials/{1}", action, name));
  };
  Credentials out;
  out.key = {value("AccessKeyId"), value("SecretAccessKey"), value("SessionToken")};
  const auto expires = base::from_rfc3339(value("Expiration"));
  const bool whole = !out.key.access_key_id.empty() && !out.key.secret_access_key.empty() &&
                     !out.key.session_token.empty() && expires;
  if (!whole) return base::fail(base::Errc::protocol, "STS: an answer without whole credentials");
  out.expires = *expires;
  out.source = (role.web_identity_token.empty() ? "role " : "web identity, role ") + role.role_arn;
  return out;
}

}  // namespace postern::aws
