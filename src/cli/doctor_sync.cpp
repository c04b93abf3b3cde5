// doctor: is the copy of SES's suppression list young, and does SES suppress what postern drops? The running
// daemon is asked. What SES thinks of the account is asked of SES itself.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/backend.hpp"
#include "cli/doctor.hpp"
#include "cli/suppression_sync.hpp"
#include "postern/aws/ses.hpp"

namespace postern::cli {

namespace json = boost::json;

namespace {

using Level = Finding::Level;

constexpr base::Duration patience = std::chrono::seconds(5);

void tell_status(const app::Config& config, const json::object& status, const Tell& tell) {
  const auto error = status.at("last_error").as_string();
  const bool synced = status.contains("last_good");
  const auto level = synced && error.empty() ? Level::ok : synced ? Level::warn : Level::fail;
  tell({level,
        "sync",
        "suppression list",
        sync_state(status),
        error.empty() ? std::string() : std::string(error),
        {}});
  for (const auto& difference : status.at("differences").as_array()) {
    tell({Level::warn,
          "sync",
          config.aws.region,
          std::string(difference.as_string()),
          "Change suppression.reasons, or: postern suppression sync --set-account-reasons",
          {}});
  }
}

base::Result<aws::Account> ask_account(const Patient& patient) {
  auto& network = patient.network;
  const auto& aws = patient.snapshot.aws;
  base::SystemRandom random;
  net::PooledHttpClient http(network.clock(), network.dialer(), {aws.tls, aws.proxies});
  aws::CredentialSources sources{network.clock(),       random,         http, patient.disk,
                                 aws::Files::on_disk(), aws.environment};
  const auto credentials = aws::make_credential_provider(aws.credentials, std::move(sources));
  const aws::SesOptions options{aws.credentials.region, patient.snapshot.config.aws.endpoint_url,
                                aws.environment};
  const auto ses = aws::make_ses(options, network.clock(), http, *credentials);
  if (ses.has_error()) return ses.error();
  return network.run((*ses)->account());
}

Finding standing(const aws::Account& account) {
  if (!account.sending_enabled || account.enforcement_status == "SHUTDOWN")
    return {Level::fail,
            "account",
            {},
            "SES has switched off sending",
            "Answer the case in the SES console (Account health).",
            {}};
  if (account.enforcement_status == "PROBATION")
    return {Level::warn,
            "account",
            {},
            "SES reviews the account: bounces or complaints are too many",
            "Mend what it names in the console before it stops sending.",
            {}};
  return {Level::ok, "account", {}, "SES answers, sending is enabled", {}, {}};
}

// Of the last 24 hours; -1 is without a limit.
Finding quota(const aws::Account& account) {
  constexpr double nearly = 0.8;
  const bool limited = account.max_24_hour_send >= 0;
  const auto text = fmt::format(
      "{:.0f} of {} messages sent in 24 h, at most {:.0f}/s", account.sent_last_24_hours,
      limited ? fmt::format("{:.0f}", account.max_24_hour_send) : "any number of", account.max_send_rate);
  const double used = limited ? account.sent_last_24_hours / std::max(account.max_24_hour_send, 1.0) : 0;
  const auto level = used >= 1 ? Level::fail : used >= nearly ? Level::warn : Level::ok;
  return {level, "quota", {}, text, level == Level::ok ? "" : "Ask for a higher quota in the SES console.",
          {}};
}

void tell_account(const Patient& patient, const Tell& tell) {
  const auto& region = patient.snapshot.aws.credentials.region;
  const auto account = ask_account(patient);
  if (account.has_error())
    return tell({Level::fail,
                 "account",
                 region,
                 account.error().message,
                 "Mend the aws section, or give the role the permission that is named.",
                 {}});
  for (auto finding : {standing(*account), quota(*account)}) {
    finding.subject = region;
    tell(std::move(finding));
  }
  if (!account->production_access)
    tell({Level::warn,
          "account",
          region,
          "the account is in the sandbox of SES: it sends to verified addresses only",
          "Ask for production access in the SES console.",
          {}});
}

}  // namespace

void check_sync(const Patient& patient, const Tell& tell) {
  const auto& config = patient.snapshot.config;
  if (!config.suppression.sync.enabled) {
    tell({Level::warn,
          "sync",
          "suppression list",
          "not synced with SES (suppression.sync.enabled)",
          "Bounces and complaints that SES knows of are then mailed again.",
          {}});
    return;
  }
  const auto question = request("GET", "/api/v1/suppression/sync");
  auto answer = net::http_call("unix:" + config.admin.socket, question, patience);
  json::error_code error;
  const auto status = answer.has_value() ? json::parse(answer->body, error) : json::value();
  if (answer.has_value() && !error && status.is_object() && answer->status == 200)
    tell_status(config, status.get_object(), tell);
  tell_account(patient, tell);
}

}  // namespace postern::cli
