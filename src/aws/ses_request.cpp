#include "aws/ses_request.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include "aws/uri.hpp"

namespace postern::aws {

namespace json = boost::json;

namespace {

constexpr const char* addresses = "/v2/email/suppression/addresses";

void add(std::string& query, const char* name, const std::string& value) {
  if (!query.empty()) query += '&';
  query.append(name).append("=").append(uri_encode(value));
}

// Whole seconds: earlier than asked for rather than later.
std::string to_seconds(base::WallTime when) {
  return base::to_rfc3339(when).substr(0, 19) + "Z";
}

}  // namespace

SesRequest list_request(const SuppressedQuery& asked) {
  std::string query;
  for (const auto& reason : asked.reasons) add(query, "Reason", reason);
  if (asked.start_date) add(query, "StartDate", to_seconds(*asked.start_date));
  add(query, "PageSize", std::to_string(asked.page_size));
  if (!asked.next_token.empty()) add(query, "NextToken", asked.next_token);
  return {"ListSuppressedDestinations", "GET", addresses, query, {}};
}

SesRequest get_request(const std::string& address) {
  return {"GetSuppressedDestination", "GET", addresses + ("/" + uri_encode(address)), {}, {}};
}

SesRequest put_request(const std::string& address, const std::string& reason) {
  const json::object body{{"EmailAddress", address}, {"Reason", reason}};
  return {"PutSuppressedDestination", "PUT", addresses, {}, json::serialize(body)};
}

SesRequest delete_request(const std::string& address) {
  return {"DeleteSuppressedDestination", "DELETE", addresses + ("/" + uri_encode(address)), {}, {}};
}

SesRequest account_request() {
  return {"GetAccount", "GET", "/v2/email/account", {}, {}};
}

SesRequest account_suppression_request(const std::vector<std::string>& reasons) {
  const json::object body{{"SuppressedReasons", json::value_from(reasons)}};
  return {
      "PutAccountSuppressionAttributes", "PUT", "/v2/email/account/suppression", {}, json::serialize(body)};
}

SesRequest configuration_set_request(const std::string& name) {
  return {"GetConfigurationSet", "GET", "/v2/email/configuration-sets/" + uri_encode(name), {}, {}};
}

net::HttpCall to_call(const SesRequest& request, const net::HttpUrl& base) {
  net::HttpCall call;
  call.method = request.method;
  call.url = base;
  call.url.path =
      (base.path.ends_with('/') ? base.path.substr(0, base.path.size() - 1) : base.path) + request.path;
  call.url.query = request.query;
  call.body = request.body;
  call.headers = {{"Host", base.authority()}};
  if (!request.body.empty()) call.headers.emplace_back("Content-Type", "application/json");
  return call;
}

void sign(net::HttpCall& call, const SigningScope& scope, const SigningKey& key) {
  SignedRequest request{call.method, call.url.path, call.url.query, call.headers, call.body};
  const auto authorization = authorize(request, scope, key);
  call.headers = std::move(request.headers);
  call.headers.emplace_back("Authorization", authorization);
  // Signed is only what nobody on the way changes.
  call.headers.emplace_back("Accept-Encoding", "identity");
  call.headers.emplace_back("User-Agent", "postern/" POSTERN_VERSION);
}

}  // namespace postern::aws
