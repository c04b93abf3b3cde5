#include <algorithm>

#include "config_sections.hpp"
#include "postern/mail/address.hpp"

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
    return !key.domain.empty() && mail::equals_ignoring_case(other.domain, key.domain);
  });
  if (twice) section.problem("domain", "'" + key.domain + "' has a key already: SES takes one signature");
  into.keys.push_back(std::move(key));
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

void read_alignment(Section& section) {
  section.only_value("action", only("off", {"report", "enforce"}));
}

void read_dns(Section& section, DnsConfig& into) {
  section.values("servers", into.servers, server_and_port());
  section.value("timeout", into.timeout, duration(100ms, 60s));
  section.value("tries", into.tries, number(1, 10));
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
}

}  // namespace postern::app
