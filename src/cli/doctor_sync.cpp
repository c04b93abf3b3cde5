// doctor: is the copy of SES's suppression list young, and does SES suppress what postern drops? The running
// daemon is asked; without one SES itself.
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

// No daemon: are the credentials good, and what does the account say?
void ask_ses(const Patient& patient, const Tell& tell) {
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
  if (ses.has_error())
    return tell({Level::fail, "sync", "aws", ses.error().message, "Mend the aws section.", {}});
  const auto account = network.run((*ses)->account());
  if (account.has_error())
    return tell({Level::fail, "sync", options.region, account.error().message, {}, {}});
  tell({account->sending_enabled ? Level::ok : Level::fail,
        "account",
        options.region,
        account->sending_enabled ? "SES answers, sending is enabled" : "sending is disabled at SES",
        {},
        {}});
  if (!account->production_access) {
    tell({Level::warn,
          "account",
          options.region,
          "the account is in the sandbox of SES: it sends to verified addresses only",
          "Ask for production access in the SES console.",
          {}});
  }
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
    return tell_status(config, status.get_object(), tell);
  ask_ses(patient, tell);
}

}  // namespace postern::cli
