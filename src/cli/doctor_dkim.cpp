// doctor: does the DNS hold the public half of each signing key?
#include <fmt/format.h>

#include "cli/doctor.hpp"
#include "postern/dkim/published_key.hpp"

namespace postern::cli {

namespace {

using Level = Finding::Level;

Finding not_answered(const std::string& name, const base::Error& error) {
  return {Level::warn,
          "dkim",
          name,
          "the DNS does not answer: " + error.message,
          "Look again later; receivers that get no answer either defer or take the mail as unsigned.",
          {}};
}

Finding examine(Network& network, const dkim::KeySpec& spec) {
  const auto key = dkim::PublishedKey::load(spec);
  if (key.has_error())
    return {
        Level::fail, "dkim", spec.domain, key.error().message, "Mend dkim.keys; postern check tells more.",
        {}};
  const auto answer = network.run(network.dns().query(key->name(), net::DnsType::txt));
  if (answer.has_error()) return not_answered(key->name(), answer.error());
  const auto finding = key->check((*answer)->texts);
  if (finding.verdict == dkim::KeyVerdict::ok)
    return {Level::ok, "dkim", key->name(), "the published key verifies what is signed", {}, {}};
  return {finding.verifies() ? Level::warn : Level::fail,
          "dkim",
          key->name(),
          finding.reason,
          "Publish:",
          key->zone_line()};
}

}  // namespace

void check_dkim(const Patient& patient, const Tell& tell) {
  const auto& dkim = patient.snapshot.config.dkim;
  if (dkim.keys.empty()) {
    tell({Level::warn,
          "dkim",
          "dkim.keys",
          "no key: postern signs nothing",
          "Make a key and publish it (README), unless Easy DKIM of SES signs for every domain.",
          {}});
  }
  for (const auto& spec : dkim.keys) tell(examine(patient.network, spec));
}

}  // namespace postern::cli
