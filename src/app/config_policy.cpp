#include <algorithm>

#include "config_sections.hpp"
#include "postern/base/text.hpp"

namespace postern::app {

namespace {

using namespace std::chrono_literals;

void read_key(Section& section, DkimConfig& into) {
  dkim::KeySpec key;
  for (const char* name : {"domain", "selector", "key_file"}) section.require(name);
  section.value("domain", key.domain, domain());
  section.value("selector", key.selector, domain());  // RFC 6376 3.1: labels like those of a domain
  section.value("key_file", key.key_file, some_text());
  section.value("subdomains", key.subdomains, yes_or_no());
  const bool twice = std::any_of(into.keys.begin(), into.keys.end(), [&](const dkim::KeySpec& other) {
    return !key.domain.empty() && base::equals_ignoring_case(other.domain, key.domain);
  });
  if (twice) section.problem("domain", "'" + key.domain + "' has a key already: SES takes one signature");
  into.keys.push_back(std::move(key));
}

Form<policy::AlignmentAction> alignment_action() {
  using policy::AlignmentAction;
  return choice<AlignmentAction>({{"off", AlignmentAction::off},
                                  {"report", AlignmentAction::report},
                                  {"enforce", AlignmentAction::enforce}});
}

void read_sync(Section& section, SyncConfig& into) {
  section.value("enabled", into.enabled, yes_or_no());
  section.value("interval", into.interval, duration(1s, 24h));
  section.value("full_interval", into.full_interval, duration(1min, std::chrono::hours(24 * 30)));
  if (into.full_interval < into.interval)
    section.problem("full_interval", "must not be shorter than interval");
}

}  // namespace

void read_dkim(Section& section, DkimConfig& into) {
  using delivery::OnMissingKey;
  section.value(
      "on_missing_key", into.on_missing_key,
      choice<OnMissingKey>(
          {{"send", OnMissingKey::send}, {"defer", OnMissingKey::defer}, {"reject", OnMissingKey::reject}}));
  section.list("keys", [&](Section& element) { read_key(element, into); });
}

void read_spf(Section& section, SpfConfig& into) {
  section.value("action", into.action, alignment_action());
  section.values("authorised", into.authorised, domain_or_network());
  if (into.authorised.empty()) section.problem("authorised", "must name at least one domain or network");
  section.pairs("mail_from_domain", into.mail_from_domain, domain(), domain());
}

void read_dmarc(Section& section, DmarcConfig& into) {
  section.value("action", into.action, alignment_action());
}

void read_dns(Section& section, DnsConfig& into) {
  section.values("servers", into.servers, server_and_port());
  section.value("timeout", into.timeout, duration(100ms, 60s));
  section.value("tries", into.tries, number(1, 10));
  section.value("cache", into.cache, number(0, 10'000'000));
}

void read_suppression(Section& section, SuppressionConfig& into) {
  using policy::OnError;
  using policy::SuppressionAction;
  section.value("action", into.action,
                choice<SuppressionAction>({{"drop", SuppressionAction::drop},
                                           {"reject", SuppressionAction::reject},
                                           {"hold", SuppressionAction::hold}}));
  section.values("reasons", into.reasons,
                 choice<std::string>({{"BOUNCE", "BOUNCE"}, {"COMPLAINT", "COMPLAINT"}}));
  section.value("on_error", into.on_error,
                choice<OnError>({{"send", OnError::send}, {"defer", OnError::defer}}));
  section.value("max_age", into.max_age, duration_or_zero(1min, std::chrono::hours(24 * 3650)));
  section.section("sync", [&](Section& sync) { read_sync(sync, into.sync); });
}

void read_aws(Section& section, AwsConfig& into) {
  section.value("region", into.region, optional(text_of("region", "-", 32)));
  section.value("endpoint_url", into.endpoint_url, optional(https_url()));
  section.value("ca_file", into.ca_file, any_text());
  section.value("profile", into.profile, any_text());
  section.value("access_key_id", into.access_key_id, any_text());
  section.secret("secret_access_key", into.secret_access_key, into.secret_access_key_file, true);
  const bool id = !into.access_key_id.empty();
  const bool secret = !into.secret_access_key_file.empty() || !into.secret_access_key.empty();
  if (id && !secret) section.problem("access_key_id", "needs a secret_access_key or secret_access_key_file");
  if (secret && !id) section.problem("secret_access_key", "needs an access_key_id");
}

}  // namespace postern::app
