// doctor: what the DNS says of the domains that are sent from.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/doctor.hpp"
#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"
#include "postern/policy/alignment.hpp"

namespace postern::cli {

namespace {

using Level = Finding::Level;

void add_domain(std::vector<std::string>& out, std::string_view text) {
  std::string domain =
      base::to_lower(text.find('@') == std::string_view::npos ? text : mail::domain_of(text));
  if (domain.empty() || domain.find_first_of("*?") != std::string::npos) return;
  if (std::ranges::find(out, domain) == out.end()) out.push_back(std::move(domain));
}

Level level_of(policy::SpfResult result) {
  switch (result) {
    case policy::SpfResult::pass:
      return Level::ok;
    case policy::SpfResult::none:
    case policy::SpfResult::neutral:
    case policy::SpfResult::softfail:
    case policy::SpfResult::temperror:
      return Level::warn;
    case policy::SpfResult::fail:
    case policy::SpfResult::permerror:
      return Level::fail;
  }
  return Level::fail;
}

Level level_of(policy::DmarcResult result) {
  switch (result) {
    case policy::DmarcResult::pass_dkim:
    case policy::DmarcResult::pass_spf:
    case policy::DmarcResult::pass_both:
      return Level::ok;
    case policy::DmarcResult::none:
    case policy::DmarcResult::temperror:
      return Level::warn;
    case policy::DmarcResult::fail:
    case policy::DmarcResult::permerror:
      return Level::fail;
  }
  return Level::fail;
}

// spf, dmarc or mail_from: whose advice it is tells the first part of its reason.
std::string check_of(const policy::Advice& advice) {
  for (const std::string check : {"spf", "mail_from", "dmarc"})
    if (advice.reason.starts_with(check + "_")) return check;
  return "dmarc";
}

// Nothing of it is right: SES does not use the domain, or receivers do not believe it.
Level level_of_mail_from(const policy::Assessment& found) {
  auto level = Level::ok;
  for (const auto& advice : found.advice) {
    if (check_of(advice) != "mail_from") continue;
    const bool may_be_right = advice.reason == "mail_from_missing" || advice.reason == "mail_from_temperror";
    level = std::max(level, may_be_right ? Level::warn : Level::fail);
  }
  return level;
}

std::string said(std::string_view result, const std::string& detail) {
  return detail.empty() ? std::string(result) : fmt::format("{}: {}", result, detail);
}

using Told = std::set<std::pair<std::string, std::string>>;  // domain, reason: once for all domains

void tell_result(Finding finding, const policy::Assessment& found, Told& told, const Tell& tell) {
  for (const auto& advice : found.advice) {
    if (check_of(advice) != finding.check || !told.emplace(advice.domain, advice.reason).second) continue;
    if (finding.remedy.empty()) {
      finding.remedy = advice.text;
      finding.record = advice.record;
    } else {
      tell({Level::warn, finding.check, advice.domain, advice.text, {}, advice.record});
    }
  }
  tell(std::move(finding));
}

}  // namespace

std::vector<std::string> sending_domains(const app::Config& config) {
  std::vector<std::string> out;
  for (const auto& key : config.dkim.keys) add_domain(out, key.domain);
  for (const auto& [identity, domain] : config.spf.mail_from_domain) add_domain(out, identity);
  add_domain(out, config.rewrite.default_domain);
  add_domain(out, config.rewrite.null_sender);
  for (const auto* rules : {&config.rewrite.sender, &config.rewrite.from})
    for (const auto& rule : *rules) add_domain(out, rule.to);
  for (const auto& pattern : config.access.senders) add_domain(out, pattern);
  return out;
}

void check_alignment(const Patient& patient, const Tell& tell) {
  const auto& snapshot = patient.snapshot;
  const auto domains = sending_domains(snapshot.config);
  if (domains.empty()) {
    tell({Level::warn,
          "spf",
          "senders",
          "the configuration names no domain that is sent from",
          "Give dkim.keys, rewrite or access.senders, or ask: postern spf DOMAIN",
          {}});
  }
  auto& network = patient.network;
  policy::Alignment alignment(network.dns(), policy::PublicSuffixes::builtin(), network.clock(),
                              network.executor());
  auto settings = std::make_shared<policy::AlignmentSettings>(*snapshot.policy->alignment);
  settings->budget = std::chrono::seconds(30);  // nobody's mail waits for it
  Told told;
  for (const auto& domain : domains) {
    policy::AlignmentQuestion question;
    question.sender_domain = question.from_domain = domain;
    const auto* key = snapshot.policy->signer ? snapshot.policy->signer->key_for(domain) : nullptr;
    if (key != nullptr) question.signing_domain = base::to_lower(key->domain);
    const auto found = network.run(alignment.assess(settings, question));
    tell_result(
        {level_of(found->spf), "spf", domain, said(policy::to_string(found->spf), found->spf_detail), {}, {}},
        *found, told, tell);
    tell_result({level_of(found->dmarc),
                 "dmarc",
                 domain,
                 said(policy::to_string(found->dmarc), found->dmarc_detail),
                 {},
                 {}},
                *found, told, tell);
    tell_result(
        {level_of_mail_from(*found), "mail_from", domain, "receivers see " + found->mail_from_domain, {}, {}},
        *found, told, tell);
  }
  alignment.stop();
}

}  // namespace postern::cli
