#include "postern/aws/ses.hpp"

#include <fmt/format.h>

#include "aws/endpoint.hpp"
#include "aws/http_date.hpp"
#include "aws/json.hpp"
#include "aws/ses_answer.hpp"
#include "aws/ses_request.hpp"
#include "aws/text.hpp"

namespace postern::aws {

namespace {

// AWS takes a request that is dated within five minutes.
constexpr base::Duration tolerated_skew = std::chrono::minutes(4);

bool far_off(base::Duration difference) {
  return std::chrono::abs(difference) > tolerated_skew;
}

bool same_key(const SigningKey& a, const SigningKey& b) {
  return a.access_key_id == b.access_key_id && a.secret_access_key == b.secret_access_key &&
         a.session_token == b.session_token;
}

// The client's names for what keeps SES from being reached, in those of this module.
base::Error unreached(const base::Error& error) {
  using base::Errc;
  const bool broken = error.code == Errc::unreachable || error.code == Errc::closed || error.code == Errc::io;
  if (broken) return base::fail(Errc::unavailable, error.message);
  if (error.code == Errc::full) return base::fail(Errc::protocol, "not an answer of SES: " + error.message);
  return error;
}

class SesClient final : public Ses {
 public:
  SesClient(net::HttpUrl endpoint, std::string region, base::Clock& clock, net::HttpClient& http,
            CredentialProvider& credentials)
      : endpoint_(std::move(endpoint)),
        region_(std::move(region)),
        clock_(clock),
        http_(http),
        credentials_(credentials) {}

  base::Task<base::Result<SuppressedPage>> list_suppressed(SuppressedQuery query) override {
    auto request = list_request(query);
    auto answer = co_await ask(std::move(request));
    if (!answer) co_return answer.error();
    co_return read_page(answer->body);
  }
  base::Task<base::Result<SuppressedAddress>> get_suppressed(std::string address) override {
    auto request = get_request(address);
    auto answer = co_await ask(std::move(request));
    if (!answer) co_return answer.error();
    co_return read_suppressed(answer->body);
  }
  base::Task<base::Result<void>> put_suppressed(std::string address, std::string reason) override {
    auto request = put_request(address, reason);
    auto answer = co_await ask(std::move(request));
    co_return done(answer);
  }
  base::Task<base::Result<void>> delete_suppressed(std::string address) override {
    auto request = delete_request(address);
    auto answer = co_await ask(std::move(request));
    co_return done(answer);
  }
  base::Task<base::Result<Account>> account() override {
    auto request = account_request();
    auto answer = co_await ask(std::move(request));
    if (!answer) co_return answer.error();
    co_return read_account(answer->body);
  }
  base::Task<base::Result<void>> put_account_suppression(std::vector<std::string> reasons) override {
    auto request = account_suppression_request(reasons);
    auto answer = co_await ask(std::move(request));
    co_return done(answer);
  }
  base::Task<base::Result<std::optional<std::vector<std::string>>>> configuration_set_reasons(
      std::string name) override {
    auto request = configuration_set_request(name);
    auto answer = co_await ask(std::move(request));
    if (!answer) co_return answer.error();
    co_return read_configuration_set(answer->body);
  }
  base::Duration clock_skew() const override { return skew_; }

 private:
  static base::Result<void> done(const base::Result<net::HttpResponse>& answer) {
    if (!answer) return answer.error();
    // Anybody can answer 200: what is not empty has to be an object, as SES's is.
    if (trim(answer->body).empty()) return {};
    const auto object = parse_object(answer->body);
    if (!object) return base::fail(base::Errc::protocol, "not an answer of SES: " + object.error().message);
    return {};
  }
  base::Duration correction() const { return far_off(skew_) ? skew_ : base::Duration(0); }
  void learn_time(const net::HttpResponse& answer);
  base::Task<base::Result<net::HttpResponse>> send(const SesRequest& request, const Credentials& with);
  base::Task<base::Result<net::HttpResponse>> ask(SesRequest request);
  base::Task<base::Result<bool>> renew(Credentials& credentials);

  net::HttpUrl endpoint_;
  std::string region_;
  base::Clock& clock_;
  net::HttpClient& http_;
  CredentialProvider& credentials_;
  base::Duration skew_{0};
};

void SesClient::learn_time(const net::HttpResponse& answer) {
  const auto date = answer.headers.find("date");
  if (date == answer.headers.end()) return;
  const auto when = parse_http_date(date->second);
  if (!when) return;
  // Date has whole seconds: less than two apart is no difference.
  const auto difference = *when - clock_.wall_now();
  skew_ = std::chrono::abs(difference) < std::chrono::seconds(2) ? base::Duration(0) : difference;
}

base::Task<base::Result<net::HttpResponse>> SesClient::send(const SesRequest& request,
                                                            const Credentials& with) {
  auto call = to_call(request, endpoint_);
  sign(call, {region_, "ses", clock_.wall_now() + correction()}, with.key);
  auto answer = co_await http_.call(std::move(call));
  if (!answer) co_return unreached(answer.error());
  learn_time(*answer);
  co_return answer;
}

// False: the sources still give what SES has refused.
base::Task<base::Result<bool>> SesClient::renew(Credentials& credentials) {
  credentials_.refused();
  auto fresh = co_await credentials_.get();
  if (!fresh) co_return fresh.error();
  const bool other = !same_key(fresh->key, credentials.key);
  credentials = std::move(*fresh);
  co_return other;
}

// At most once more for the clock and once more for the credentials: either may hide the other.
base::Task<base::Result<net::HttpResponse>> SesClient::ask(SesRequest request) {
  auto credentials = co_await credentials_.get();
  if (!credentials) co_return credentials.error();
  bool may_set_clock = true, may_renew = true;
  for (;;) {
    const auto signed_with = correction();
    auto answer = co_await send(request, *credentials);
    if (!answer || answer->status / 100 == 2) co_return answer;
    const auto refusal = read_refusal(*answer);
    const bool dated_wrongly = blames_credentials(refusal) && far_off(correction() - signed_with);
    if (dated_wrongly && may_set_clock) {
      may_set_clock = false;
      continue;
    }
    if (blames_credentials(refusal) && may_renew) {
      may_renew = false;
      auto renewed = co_await renew(*credentials);
      if (!renewed) co_return renewed.error();
      if (*renewed) continue;
    }
    auto error = error_of(refusal, request.operation, credentials->source);
    error.message = without_secrets(std::move(error.message),
                                    {credentials->key.secret_access_key, credentials->key.session_token});
    co_return error;
  }
}

}  // namespace

base::Result<std::unique_ptr<Ses>> make_ses(const SesOptions& options, base::Clock& clock,
                                            net::HttpClient& http, CredentialProvider& credentials) {
  if (options.region.empty()) {
    return base::fail(base::Errc::invalid, "no region: set aws.region, AWS_REGION or region in the profile");
  }
  auto endpoint = endpoint_of({"email", "SESV2", options.region, options.endpoint_url}, options.environment);
  if (!endpoint) return endpoint.error();
  return std::unique_ptr<Ses>(
      std::make_unique<SesClient>(std::move(*endpoint), options.region, clock, http, credentials));
}

}  // namespace postern::aws
