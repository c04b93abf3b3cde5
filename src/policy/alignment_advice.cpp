#include "alignment_advice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "alignment_records.hpp"
#include "dmarc_names.hpp"
#include "postern/policy/spf.hpp"

namespace postern::policy {

namespace {

using State = DmarcPolicyFound::State;

constexpr std::string_view mail_from_spf = "v=spf1 include:amazonses.com ~all";

std::string sender_text(const std::string& domain, const AuthorisedSpf& spf) {
  const auto detail = shown(spf.detail);
  switch (spf.worst) {
    case SpfResult::none:
      return fmt::format("{} has no SPF record: nothing says that its mail may leave through SES.", domain);
    case SpfResult::neutral:
      return fmt::format("The SPF record of {} leaves open whether SES may send its mail ({}).", domain,
                         detail);
    case SpfResult::softfail:
      return fmt::format("The SPF record of {} makes mail that leaves through SES suspicious ({}).", domain,
                         detail);
    case SpfResult::temperror:
      return fmt::format("The DNS does not answer for the SPF of {} ({}).", domain, detail);
    case SpfResult::permerror:
      return fmt::format(
          "The SPF record of {} cannot be evaluated, which receivers count as none or refuse ({}).", domain,
          detail);
    case SpfResult::fail:
    case SpfResult::pass:
      break;
  }
  return fmt::format("The SPF record of {} refuses mail that leaves through SES ({}).", domain, detail);
}

std::string sender_reason(SpfResult result) {
  return result == SpfResult::none ? "spf_missing" : "spf_" + std::string(to_string(result));
}

// An include costs one look-up (that of SES has none within), a network none. Empty: it fits.
std::string too_many(const AuthorisedSpf& spf) {
  const auto includes =
      std::ranges::count_if(spf.missing, [](const auto& entry) { return !net::Network::parse(entry); });
  const auto needed = spf.lookups + includes;
  if (needed <= SpfOptions().max_lookups) return {};
  return fmt::format(
      " With SES in it that record needs {} look-ups, and receivers stop with an error after {}: take "
      "includes "
      "out that are not used any more, or put the networks of one in its place; then add {}.",
      needed, SpfOptions().max_lookups, fmt::join(spf.missing, ", "));
}

void advise_sender(const AlignmentQuestion& question, const AlignmentFacts& facts, std::vector<Advice>& out) {
  const auto& domain = question.sender_domain;
  const auto& spf = facts.sender;
  if (domain.empty() || spf.worst == SpfResult::pass) return;
  if (spf.worst == SpfResult::temperror && !facts.authorised_problem.empty()) return;
  const auto unfit = too_many(spf);
  Advice advice{domain, sender_reason(spf.worst), sender_text(domain, spf) + unfit, {}};
  // What is an error already gets better by it: SES stands in front.
  const bool helps = unfit.empty() || spf.worst == SpfResult::permerror;
  if (spf.worst != SpfResult::temperror && helps)
    advice.record = txt_record(domain, spf_with(facts.sender_records, spf.missing, spf.broken));
  out.push_back(std::move(advice));
}

std::string_view consequence(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none:
      return "deliver it all the same";
    case DmarcPolicy::quarantine:
      return "put it into the spam folder";
    case DmarcPolicy::reject:
      return "refuse it";
  }
  return "refuse it";
}

bool would_align(const std::string& identifier, const OrganizationalDomain& its, AlignmentMode mode,
                 const AlignmentQuestion& question, const DmarcPolicyFound& found) {
  return mode == AlignmentMode::strict && !identifier.empty() && identifier != question.from_domain && its &&
         *its == found.organizational_domain;
}

// The record that helps when only strict alignment stands in the way; by the public suffix list, which knows
// all organisational domains.
std::string relaxed_record(const AlignmentQuestion& question, const AlignmentFacts& facts) {
  const auto& [walk, list] = facts.methods;
  const auto& found = list.found.state == State::found ? list.found : walk.found;
  const auto& record = found.record;
  std::string tag;
  if (would_align(question.signing_domain, list.signing, record.dkim, question, list.found)) tag = "adkim";
  const bool usable = !facts.mail_from.identity.empty() && facts.mail_from.spf.worst == SpfResult::pass &&
                      facts.mail_from.mx == MailFromFacts::Mx::right;
  if (usable && would_align(facts.mail_from.domain, list.mail_from, record.spf, question, list.found))
    tag = "aspf";
  if (tag.empty()) return {};
  return txt_record("_dmarc." + found.domain, dmarc_with(record.text, tag, "r"));
}

void advise_failure(const AlignmentSettings& settings, const AlignmentQuestion& question,
                    const AlignmentFacts& facts, const MethodVerdict& worst, std::vector<Advice>& out) {
  const auto& domain = question.from_domain;
  const auto& mail_from = facts.mail_from;
  // Only SES knows whether it signs too; its signature would align.
  const std::string unless =
      question.signing_domain.empty() ? "Unless SES itself signs it (Easy DKIM): " : std::string();
  auto text = fmt::format("{}DMARC of mail from {} fails at receivers, who {} ({}): ", unless, domain,
                          consequence(worst.policy), worst.detail);
  auto record = relaxed_record(question, facts);
  if (!record.empty()) {
    text += "let it align relaxed, as in this record.";
  } else if (!mail_from.identity.empty() && worst.spf_aligned) {
    text += fmt::format("mend the MAIL FROM domain {}, or sign with a key of {} (dkim.keys).",
                        mail_from.domain, domain);
  } else {
    const auto bounce = "bounce." + domain;
    text += fmt::format(
        "sign with a key of {} (dkim.keys), or make {} its custom MAIL FROM domain "
        "(spf.mail_from_domain) with this SPF record and an MX.",
        domain, bounce);
    record = txt_record(bounce, mail_from_spf);
    out.push_back(
        {domain, "mail_from_missing",
         fmt::format("SES sends mail from {} with the MAIL FROM domain {}, whose SPF does not align: "
                     "{} as a custom one needs this MX.",
                     domain, mail_from.domain, bounce),
         mx_record(bounce, feedback_host(settings.region))});
  }
  out.insert(out.begin(), {domain, "dmarc_fail", std::move(text), std::move(record)});
}

void advise_missing(const AlignmentQuestion& question, const AlignmentFacts& facts,
                    std::vector<Advice>& out) {
  const auto& domain = facts.methods[1].found.organizational_domain;
  out.push_back(
      {domain, "dmarc_missing",
       fmt::format("No DMARC record covers mail from {}: Gmail and Yahoo want one, at least p=none, "
                   "from those who send much.",
                   question.from_domain),
       txt_record("_dmarc." + domain, "v=DMARC1; p=none")});
}

void advise_broken(const AlignmentQuestion& question, const DmarcPolicyFound& found,
                   std::vector<Advice>& out) {
  const bool several = found.state == State::several_records;
  out.push_back({found.domain, several ? "dmarc_several" : "dmarc_invalid",
                 fmt::format("Receivers ignore the DMARC policy for mail from {}: {}.", question.from_domain,
                             shown(found.problem)),
                 txt_record("_dmarc." + found.domain, "v=DMARC1; p=none")});
}

void advise_author(const AlignmentSettings& settings, const AlignmentQuestion& question,
                   const AlignmentFacts& facts, const MethodVerdict& worst, std::vector<Advice>& out) {
  const auto& method = worst.method == DmarcMethod::tree_walk ? facts.methods[0] : facts.methods[1];
  switch (worst.result) {
    case DmarcResult::fail:
      return advise_failure(settings, question, facts, worst, out);
    case DmarcResult::permerror:
      return advise_broken(question, method.found, out);
    case DmarcResult::none:
      return advise_missing(question, facts, out);
    case DmarcResult::temperror:
      out.push_back({question.from_domain,
                     "dmarc_temperror",
                     fmt::format("The DNS does not answer for the DMARC of {} ({}).", question.from_domain,
                                 worst.detail),
                     {}});
      return;
    case DmarcResult::pass_dkim:
    case DmarcResult::pass_spf:
    case DmarcResult::pass_both:
      return;
  }
}

bool differ(const AlignmentFacts& facts, const MethodVerdict& walk, const MethodVerdict& list) {
  if (walk.result != list.result) return true;
  return walk.result == DmarcResult::fail && facts.methods[0].found.applies != facts.methods[1].found.applies;
}

// One record that makes both methods agree; empty where there is none, or where the fault has advice of its
// own.
std::string record_for_both(const AlignmentFacts& facts) {
  const auto& walk = facts.methods[0].found;
  const auto& list = facts.methods[1].found;
  const bool same_record = walk.state == State::found && walk.domain == list.domain;
  if (same_record && walk.tag == "np")  // receivers of RFC 7489 don't know it: say the same with both tags
    return txt_record("_dmarc." + walk.domain, dmarc_with(walk.record.text, "np", to_string(list.applies)));
  const auto& below = walk.organizational_domain;
  const auto& org = list.organizational_domain;
  if (below == org || below.empty()) return {};
  const auto* at_org = list.state == State::found && list.domain == org ? &list : nullptr;
  const std::string_view text =
      at_org != nullptr ? std::string_view(at_org->record.text) : "v=DMARC1; p=none";
  if (is_under(org, below)) return txt_record("_dmarc." + org, dmarc_with(text, "psd", "n"));
  if (walk.domain == below && walk.record.public_suffix == 'n')  // it makes itself an organisation of its own
    return txt_record("_dmarc." + below, dmarc_with(walk.record.text, "psd", "u"));
  return at_org != nullptr ? std::string() : txt_record("_dmarc." + org, text);
}

void advise_difference(const AlignmentQuestion& question, const AlignmentFacts& facts,
                       const MethodVerdict& walk, const MethodVerdict& list, std::vector<Advice>& out) {
  out.push_back(
      {question.from_domain, "dmarc_methods",
       fmt::format("Receivers will not agree about mail from {}: by the DNS tree walk (RFC 9989) {} "
                   "({}), by the public suffix list (RFC 7489) {} ({}).",
                   question.from_domain, to_string(walk.result), walk.detail, to_string(list.result),
                   list.detail),
       record_for_both(facts)});
}

}  // namespace

std::vector<Advice> advise(const AlignmentSettings& settings, const AlignmentQuestion& question,
                           const AlignmentFacts& facts, const MethodVerdict& walk,
                           const MethodVerdict& list) {
  std::vector<Advice> out;
  const auto& worst = is_worse(walk, list) ? walk : list;
  if (!question.from_domain.empty()) {
    advise_author(settings, question, facts, worst, out);
    const bool known = walk.result != DmarcResult::temperror && list.result != DmarcResult::temperror;
    if (known && differ(facts, walk, list)) advise_difference(question, facts, walk, list, out);
  }
  advise_sender(question, facts, out);
  out.insert(out.end(), facts.mail_from.advice.begin(), facts.mail_from.advice.end());
  if (!facts.authorised_problem.empty())
    out.push_back({"spf.authorised",
                   "spf_authorised",
                   fmt::format("SES cannot be told from others: {}.", shown(facts.authorised_problem)),
                   {}});
  return out;
}

}  // namespace postern::policy
