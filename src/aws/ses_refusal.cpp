#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/json.hpp"
#include "aws/ses_answer.hpp"
#include "aws/text.hpp"

namespace postern::aws {

namespace {

// "com.amazonaws.sesv2#NotFoundException:http://internal..." -> "NotFoundException"
std::string bare_type(std::string_view text) {
  text = text.substr(0, text.find(':'));
  const auto hash = text.rfind('#');
  if (hash != std::string_view::npos) text.remove_prefix(hash + 1);
  return one_line(text, 100);
}

std::string first_text(const boost::json::object& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto value = text_member(object, name);
    if (value && !value->empty()) return *value;
  }
  return {};
}

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

constexpr std::array<std::string_view, 6> throttles{
    "TooManyRequestsException", "ThrottlingException", "Throttling",
    "ThrottledException",       "RequestThrottled",    "ConcurrentModificationException"};

base::Errc code_of(const Refusal& refusal) {
  using base::Errc;
  if (refusal.status == 429 || refusal.status == 409 || one_of(throttles, refusal.type)) return Errc::busy;
  if (refusal.status >= 500) return Errc::unavailable;
  if (blames_credentials(refusal) || refusal.status == 401 || refusal.status == 403) return Errc::permission;
  // 404 of something else must not be read as "not on the list".
  if (refusal.status == 404) return refusal.type == "NotFoundException" ? Errc::not_found : Errc::protocol;
  return refusal.status >= 400 ? Errc::invalid : Errc::protocol;
}

std::string action_of(std::string_view operation) {
  return "ses:" + std::string(operation);
}

std::string remedy(const Refusal& refusal, std::string_view operation, std::string_view source) {
  if (blames_credentials(refusal))
    return fmt::format("; SES does not take these credentials ({}): check key, secret and region", source);
  if (refusal.type.empty()) return "; no error of SES is named: does something else answer in its place?";
  return fmt::format(
      "; allow the credentials ({}) {} by attaching this policy: {{\"Version\":\"2012-10-17\",\"Statement\":"
      "[{{\"Effect\":\"Allow\",\"Action\":\"{}\",\"Resource\":\"*\"}}]}}",
      source, action_of(operation), action_of(operation));
}

}  // namespace

Refusal read_refusal(const net::HttpResponse& answer) {
  Refusal out;
  out.status = answer.status;
  const auto header = answer.headers.find("x-amzn-errortype");
  if (header != answer.headers.end()) out.type = bare_type(header->second);
  const auto object = parse_object(answer.body);
  if (!object) return out;
  if (out.type.empty()) out.type = bare_type(first_text(*object, {"__type", "code", "Code"}));
  out.message = one_line(first_text(*object, {"message", "Message", "errorMessage"}));
  return out;
}

bool blames_credentials(const Refusal& refusal) {
  static constexpr std::array<std::string_view, 12> types{
      "ExpiredTokenException",      "ExpiredToken",          "UnrecognizedClientException",
      "InvalidClientTokenId",       "InvalidAccessKeyId",    "InvalidSignatureException",
      "SignatureDoesNotMatch",      "RequestTimeTooSkewed",  "RequestExpired",
      "MissingAuthenticationToken", "InvalidTokenException", "IncompleteSignature"};
  const bool asked = refusal.status == 400 || refusal.status == 401 || refusal.status == 403;
  return asked && one_of(types, refusal.type);
}

base::Error error_of(const Refusal& refusal, std::string_view operation, std::string_view source) {
  const auto code = code_of(refusal);
  std::string text = fmt::format("SES answers {} to {}", refusal.status, operation);
  if (!refusal.type.empty()) text += ": " + refusal.type;
  if (!refusal.message.empty()) text += ": " + refusal.message;
  if (code == base::Errc::permission) text += remedy(refusal, operation, source);
  if (code == base::Errc::protocol) text += "; this is no answer of SES: check aws.endpoint_url";
  return base::fail(code, std::move(text));
}

}  // namespace postern::aws
