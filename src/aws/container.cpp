#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/endpoint.hpp"
#include "aws/json.hpp"
#include "aws/metadata.hpp"
#include "aws/profile.hpp"
#include "aws/text.hpp"

namespace postern::aws {

namespace {

constexpr int tries = 3;
constexpr auto between_tries = std::chrono::seconds(1);

// The token goes to the agents of ECS and EKS, to this machine, or to whom TLS has identified.
bool may_have_token(const net::HttpUrl& url) {
  if (url.tls || is_this_machine(url.host)) return true;
  static constexpr std::array agents{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  const auto ip = net::IpAddress::parse(url.host);
  return ip && std::ranges::any_of(
                   agents, [&](const char* agent) { return *ip == net::IpAddress::parse(agent).value(); });
}

// The file is read each time (it is rotated) and wins over the variable.
base::Task<base::Result<std::string>> authorization(CredentialSources& sources) {
  const std::string path = variable(sources.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  std::string token = variable(sources.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (!path.empty()) {
    auto read = co_await read_on_pool(sources, path);
    if (!read)
      co_return base::fail(read.error().code, "container: the token file " + path + " cannot be read");
    token = std::move(*read);
  }
  if (token.find_first_of("\r\n") == std::string::npos) co_return token;
  co_return base::fail(base::Errc::invalid, "container: the authorization token holds a line break");
}

base::Result<Credentials> read_answer(const net::HttpResponse& answer) {
  if (answer.status == 200) return read_metadata_answer(answer.body, "container");
  return base::fail(answer.status >= 500 ? base::Errc::unavailable : base::Errc::permission,
                    fmt::format("container: the endpoint answers {}", answer.status));
}

base::Task<base::Result<Credentials>> ask_once(CredentialSources& sources, net::HttpUrl url) {
  net::HttpCall call;
  call.url = std::move(url);
  call.limits.connect = call.limits.head = call.limits.whole = std::chrono::seconds(2);
  call.limits.max_body = 64UL * 1024;
  call.headers = {{"Accept", "application/json"}};
  auto token = co_await authorization(sources);
  if (!token) co_return token.error();
  if (!token->empty()) call.headers.emplace_back("Authorization", *token);
  auto answer = co_await sources.http.call(std::move(call));
  if (!answer) co_return base::fail(answer.error().code, "container: " + answer.error().message);
  co_return read_answer(*answer);
}

}  // namespace

base::Result<std::optional<net::HttpUrl>> container_url(const net::Environment& environment) {
  const std::string relative = variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return std::optional<net::HttpUrl>();
  const char* name =
      relative.empty() ? "AWS_CONTAINER_CREDENTIALS_FULL_URI" : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  if (!relative.empty() && relative.front() != '/')
    return base::fail(base::Errc::invalid, std::string(name) + " does not begin with /");
  auto url = net::HttpUrl::parse(relative.empty() ? full : "http://169.254.170.2" + relative);
  if (!url) return base::fail(base::Errc::invalid, std::string(name) + ": " + url.error().message);
  if (may_have_token(*url)) return std::optional<net::HttpUrl>(std::move(*url));
  return base::fail(
      base::Errc::invalid,
      fmt::format("{}: {} is neither https nor a loopback, ECS or EKS address", name, url->host));
}

base::Task<MaybeCredentials> container_credentials(CredentialSources& sources) {
  auto url = container_url(sources.environment);
  if (!url) co_return url.error();
  if (!*url) co_return std::optional<Credentials>();
  for (int left = tries;; --left) {
    auto found = co_await ask_once(sources, **url);
    if (found) co_return std::optional<Credentials>(std::move(*found));
    const bool over =
        left == 1 || found.error().code == base::Errc::invalid || found.error().code == base::Errc::cancelled;
    if (over) co_return found.error();
    co_await base::sleep_for(sources.clock, between_tries);
  }
}

base::Result<Credentials> read_metadata_answer(std::string_view body, const std::string& source) {
  const auto object = parse_object(body);
  if (!object) return base::fail(object.error().code, source + ": " + object.error().message);
  const auto text = [&](const char* name) {
    const auto value = text_member(*object, name);
    return value ? *value : std::string();
  };
  const std::string code = text("Code");
  if (!code.empty() && code != "Success") {
    return base::fail(base::Errc::permission,
                      fmt::format("{}: {} {}", source, one_line(code, 100), one_line(text("Message"))));
  }
  Credentials out;
  out.key = {text("AccessKeyId"), text("SecretAccessKey"), text("Token")};
  out.source = source;
  const std::string expires = text("Expiration");
  const auto when = base::from_rfc3339(expires);
  const bool whole =
      !out.key.access_key_id.empty() && !out.key.secret_access_key.empty() && (expires.empty() || when);
  if (!whole) return base::fail(base::Errc::protocol, source + ": an answer without whole credentials");
  if (when) out.expires = *when;
  return out;
}

base::Task<base::Result<std::string>> read_on_pool(CredentialSources& sources, std::string path) {
  auto work = [read = sources.files.read, path = std::move(path)] { return read(path); };
  auto text = co_await base::offload(sources.disk, std::move(work));
  co_return text;
}

}  // namespace postern::aws
