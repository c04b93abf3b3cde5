#include <fmt/format.h>

#include "aws/metadata.hpp"
#include "aws/profile.hpp"
#include "aws/text.hpp"
#include "aws/uri.hpp"

namespace postern::aws {

namespace {

constexpr const char* roles_path = "/latest/meta-data/iam/security-credentials/";

bool is_true(const net::Environment& environment, const std::string& name) {
  const std::string value = variable(environment, name);
  return value == "true" || value == "True" || value == "TRUE";
}

base::Result<net::HttpUrl> service_url(const net::Environment& environment) {
  const std::string given = variable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  const std::string mode = variable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  const bool v6 = mode == "IPv6" || mode == "ipv6";
  auto url = net::HttpUrl::parse(!given.empty() ? given
                                 : v6           ? "http://[fd00:ec2::254]"
                                                : "http://169.254.169.254");
  if (!url) return base::fail(url.error().code, "AWS_EC2_METADATA_SERVICE_ENDPOINT: " + url.error().message);
  return url;
}

// One conversation with the service.
class Service {
 public:
  Service(net::HttpClient& http, net::HttpUrl url) : http_(http), url_(std::move(url)) {}

  // false: the service knows no tokens (IMDSv1 only).
  base::Task<base::Result<bool>> fetch_token() {
    auto call = make_call("PUT", "/latest/api/token");
    call.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    auto answer = co_await http_.call(std::move(call));
    if (!answer) co_return answer.error();
    const bool none = answer->status == 403 || answer->status == 404 || answer->status == 405;
    if (none) co_return false;
    token_ = trim(answer->body);
    if (answer->status == 200 && !token_.empty()) co_return true;
    co_return base::fail(base::Errc::unavailable,
                         fmt::format("the token request is answered {}", answer->status));
  }
  base::Task<base::Result<net::HttpResponse>> get(std::string path) {
    auto call = make_call("GET", std::move(path));
    if (!token_.empty()) call.headers.emplace_back("x-aws-ec2-metadata-token", token_);
    auto answer = co_await http_.call(std::move(call));
    co_return answer;
  }

 private:
  net::HttpCall make_call(std::string method, std::string path) const {
    net::HttpCall call;
    call.method = std::move(method);
    call.url = url_;
    call.url.path = std::move(path);
    call.limits.connect = call.limits.head = call.limits.whole = std::chrono::seconds(1);
    call.limits.max_body = 64UL * 1024;
    return call;
  }

  net::HttpClient& http_;
  net::HttpUrl url_;
  std::string token_;
};

base::Task<MaybeCredentials> of_role(Service& service, std::string role) {
  auto answer = co_await service.get(roles_path + uri_encode(role));
  if (!answer) co_return base::fail(answer.error().code, "imds: " + answer.error().message);
  if (answer->status != 200) {
    co_return base::fail(base::Errc::unavailable,
                         fmt::format("imds: role {} is answered {}", one_line(role, 100), answer->status));
  }
  auto found = read_metadata_answer(answer->body, "imds");
  if (!found) co_return found.error();
  co_return std::optional<Credentials>(std::move(*found));
}

}  // namespace

base::Task<MaybeCredentials> instance_credentials(CredentialSources& sources, std::string& note) {
  const std::optional<Credentials> none;
  note = "switched off by AWS_EC2_METADATA_DISABLED";
  if (is_true(sources.environment, "AWS_EC2_METADATA_DISABLED")) co_return none;
  auto url = service_url(sources.environment);
  if (!url) co_return url.error();
  Service service(sources.http, std::move(*url));
  auto token = co_await service.fetch_token();
  if (!token) {
    note = token.error().message;
    if (token.error().code == base::Errc::cancelled) co_return token.error();
    co_return none;
  }
  note = "the service gives no token, and IMDSv1 is switched off";
  const bool v1_off = is_true(sources.environment, "AWS_EC2_METADATA_V1_DISABLED");
  if (!*token && v1_off) co_return none;
  auto roles = co_await service.get(roles_path);
  note = roles ? fmt::format("no role is attached (answer {})", roles->status) : roles.error().message;
  if (!roles || roles->status != 200) co_return none;
  const auto role = trim(std::string_view(roles->body).substr(0, roles->body.find('\n')));
  if (role.empty()) co_return none;
  auto found = co_await of_role(service, std::string(role));
  co_return found;
}

}  // namespace postern::aws
