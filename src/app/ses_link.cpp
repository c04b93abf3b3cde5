#include "ses_link.hpp"

namespace postern::app {

// In the order of who refers to whom.
struct SesLink::Stack {
  AwsConfig config;
  std::shared_ptr<net::TlsContext> tls;
  net::PooledHttpClient http;
  std::unique_ptr<aws::CredentialProvider> credentials;
  std::unique_ptr<aws::Ses> ses;
  std::string broken;  // why there is no ses

  Stack(const Parts& parts, const Snapshot& snapshot)
      : config(snapshot.config.aws),
        tls(snapshot.aws.tls),
        http(parts.clock, parts.dialer, {snapshot.aws.tls, snapshot.aws.proxies}) {}

  base::Error error() const { return base::fail(base::Errc::invalid, broken); }
};

SesLink::SesLink(Parts parts, const Snapshot& snapshot) : parts_(parts), stack_(make(snapshot)) {}

SesLink::~SesLink() = default;

std::shared_ptr<SesLink::Stack> SesLink::make(const Snapshot& snapshot) {
  auto stack = std::make_shared<Stack>(parts_, snapshot);
  aws::CredentialSources sources{parts_.clock, parts_.random,         stack->http,
                                 parts_.disk,  aws::Files::on_disk(), snapshot.aws.environment,
                                 &parts_.log};
  stack->credentials = aws::make_credential_provider(snapshot.aws.credentials, std::move(sources));
  const aws::SesOptions options{snapshot.aws.credentials.region, stack->config.endpoint_url,
                                snapshot.aws.environment};
  auto ses = aws::make_ses(options, parts_.clock, stack->http, *stack->credentials);
  if (ses.has_error()) {
    stack->broken = ses.error().message;
    if (snapshot.config.suppression.sync.enabled)
      parts_.log.error("aws", {{"reason", stack->broken}, {"effect", "the suppression list is not synced"}});
  } else {
    stack->ses = std::move(*ses);
  }
  return stack;
}

void SesLink::settings_changed(const Snapshot& snapshot) {
  if (snapshot.config.aws == stack_->config && snapshot.aws.tls == stack_->tls) return;
  stack_ = make(snapshot);
}

base::Task<base::Result<aws::SuppressedPage>> SesLink::list_suppressed(aws::SuppressedQuery query) {
  const auto stack = stack_;
  if (!stack->ses) co_return stack->error();
  auto result = co_await stack->ses->list_suppressed(std::move(query));
  co_return result;
}

base::Task<base::Result<aws::SuppressedAddress>> SesLink::get_suppressed(std::string address) {
  const auto stack = stack_;
  if (!stack->ses) co_return stack->error();
  auto result = co_await stack->ses->get_suppressed(std::move(address));
  co_return result;
}

base::Task<base::Result<void>> SesLink::put_suppressed(std::string address, std::string reason) {
  const auto stack = stack_;
  if (!stack->ses) co_return stack->error();
  auto result = co_await stack->ses->put_suppressed(std::move(address), std::move(reason));
  co_return result;
}

base::Task<base::Result<void>> SesLink::delete_suppressed(std::string address) {
  const auto stack = stack_;
  if (!stack->ses) co_return stack->error();
  auto result = co_await stack->ses->delete_suppressed(std::move(address));
  co_return result;
}

base::Task<base::Result<aws::Account>> SesLink::account() {
  const auto stack = stack_;
  if (!stack->ses) co_return stack->error();
  auto result = co_await stack->ses->account();
  co_return result;
}

base::Task<base::Result<void>> SesLink::put_account_suppression(std::vector<std::string> reasons) {
  const auto stack = stack_;
  if (!stack->ses) co_return stack->error();
  auto result = co_await stack->ses->put_account_suppression(std::move(reasons));
  co_return result;
}

base::Task<base::Result<std::optional<std::vector<std::string>>>> SesLink::configuration_set_reasons(
    std::string name) {
  const auto stack = stack_;
  if (!stack->ses) co_return stack->error();
  auto result = co_await stack->ses->configuration_set_reasons(std::move(name));
  co_return result;
}

base::Duration SesLink::clock_skew() const {
  return stack_->ses ? stack_->ses->clock_skew() : base::Duration::zero();
}

}  // namespace postern::app
