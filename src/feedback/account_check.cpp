#include "feedback/account_check.hpp"

#include "feedback/reasons.hpp"

namespace postern::feedback {

namespace {

constexpr auto often = std::chrono::hours(1);

}  // namespace

base::Task<void> AccountCheck::check_if_due(SettingsPtr settings) {
  const auto now = context_.deps.clock.steady_now();
  if (now < due_) co_return;
  due_ = now + often;
  const auto found = co_await compare(std::move(settings));
  tell(found);
}

// A configuration set that overrides the reasons is what counts for the mail that carries it.
base::Task<AccountCheck::Found> AccountCheck::compare(SettingsPtr settings) {
  auto& ses = context_.deps.ses;
  const std::string& set = settings->configuration_set;
  if (!set.empty()) {
    using Override = std::optional<std::vector<std::string>>;
    std::function<base::Task<base::Result<Override>>()> request = [&ses, &set] {
      return ses.configuration_set_reasons(set);
    };
    auto overriding = co_await ask(context_, std::move(request), attempts_of_person);
    if (overriding.has_error()) co_return overriding.error();
    if (*overriding) co_return differences(settings->reasons, **overriding, "configuration set " + set);
  }
  std::function<base::Task<base::Result<aws::Account>>()> request = [&ses] { return ses.account(); };
  auto account = co_await ask(context_, std::move(request), attempts_of_person);
  if (account.has_error()) co_return account.error();
  co_return differences(settings->reasons, account->suppressed_reasons, "the account");
}

void AccountCheck::tell(const Found& found) {
  auto& status = context_.status;
  auto& log = context_.deps.log;
  const std::string unknown = found.has_error() ? found.error().message : std::string();
  if (!unknown.empty() && unknown != status.differences_unknown)
    log.warn("suppression_reasons", {{"status", "unknown"}, {"reason", unknown}});
  status.differences_unknown = unknown;
  if (found.has_error() || *found == status.differences) return;
  status.differences = *found;
  for (const auto& difference : *found)
    log.warn("suppression_reasons", {{"status", "differ"}, {"reason", difference}});
  if (found->empty()) log.info("suppression_reasons", {{"status", "agree"}});
}

}  // namespace postern::feedback
