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

bool has_key(const Patient& patient, const std::string& domain) {
  const auto& signer = patient.snapshot.policy->signer;
  return signer && signer->key_for(domain) != nullptr;
}

Finding unsigned_domain(const std::string& domain) {
  return {Level::warn,
          "dkim",
          domain,
          "no key for it: postern does not sign its mail",
          "Make a key and publish it (README). Where Easy DKIM of SES signs it instead, which is not seen "
          "from here, leave dmarc.action at report: enforce would refuse it.",
          {}};
}

}  // namespace

void check_dkim(const Patient& patient, const Tell& tell) {
  const auto& dkim = patient.snapshot.config.dkim;
  if (dkim.keys.empty()) {
    tell({Level::warn,
          "dkim",
          "dkim.keys",
          "no key: postern signs nothing",
          "Make a key and publish it (README). Where Easy DKIM of SES signs instead, leave dmarc.action at "
          "report: it is not seen from here, and enforce would refuse the mail.",
          {}});
  }
  for (const auto& spec : dkim.keys) tell(examine(patient.network, spec));
  for (const auto& domain : sending_domains(patient.snapshot.config)) {
    if (!dkim.keys.empty() && !has_key(patient, domain)) tell(unsigned_domain(domain));
  }
}

}  // namespace postern::cli
