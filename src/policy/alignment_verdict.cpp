#include "alignment_verdict.hpp"

#include <fmt/format.h>

#include "alignment_advice.hpp"
#include "alignment_records.hpp"
#include "mail_from.hpp"

namespace postern::policy {

namespace {

using State = DmarcPolicyFound::State;

// RFC 7489 3.1, RFC 9989 4.4: equal, or in relaxed mode of the same organisational domain. nullopt: the DNS
// did not tell.
std::optional<bool> aligned(const std::string& identifier, const std::string& author, AlignmentMode mode,
                            const OrganizationalDomain& its, const std::string& authors) {
  if (identifier.empty()) return false;
  if (identifier == author) return true;
  if (mode == AlignmentMode::strict) return false;
  if (!its || authors.empty()) return std::nullopt;
  return *its == authors;
}

Leg dkim_leg(std::optional<bool> alignment) {
  if (!alignment) return Leg::unknown;
  return *alignment ? Leg::pass : Leg::fail;
}

// The leg passes for a custom MAIL FROM domain that aligns, that SES uses (MX) and whose SPF lets SES send.
Leg spf_leg(std::optional<bool> alignment, const MailFromFacts& mail_from) {
  const auto spf = mail_from.spf.worst;
  if (mail_from.identity.empty() || (alignment && !*alignment)) return Leg::fail;
  if (mail_from.mx == MailFromFacts::Mx::wrong) return Leg::fail;
  if (spf != SpfResult::pass && spf != SpfResult::temperror) return Leg::fail;
  const bool known = alignment && mail_from.mx == MailFromFacts::Mx::right && spf == SpfResult::pass;
  return known ? Leg::pass : Leg::unknown;
}

DmarcResult result_of(const DmarcPolicyFound& found, Leg dkim, Leg spf) {
  switch (found.state) {
    case State::none:
      return DmarcResult::none;
    case State::several_records:
    case State::invalid:
      return DmarcResult::permerror;
    case State::temperror:
      return DmarcResult::temperror;
    case State::found:
      break;
  }
  if (dkim == Leg::pass) return spf == Leg::pass ? DmarcResult::pass_both : DmarcResult::pass_dkim;
  if (spf == Leg::pass) return DmarcResult::pass_spf;
  const bool unknown = dkim == Leg::unknown || spf == Leg::unknown;
  return unknown ? DmarcResult::temperror : DmarcResult::fail;
}

DmarcPolicy one_below(DmarcPolicy policy) {
  return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

// t=y asks receivers of RFC 9989 for one level below; pct those of RFC 7489 (6.6.4) for the messages that are
// not picked, with pct=0 for all.
DmarcPolicy applied(const DmarcPolicyFound& found, DmarcMethod method) {
  const bool below = method == DmarcMethod::tree_walk ? found.record.testing : found.record.percent == 0;
  return below ? one_below(found.applies) : found.applies;
}

std::string policy_text(const DmarcPolicyFound& found, DmarcMethod method) {
  auto text = fmt::format("{}={} at {}", found.tag, to_string(found.applies), found.domain);
  const auto below = to_string(one_below(found.applies));
  if (found.applies == DmarcPolicy::none) return text;
  if (method == DmarcMethod::tree_walk && found.record.testing) {
    text += fmt::format(" (t=y: {})", below);
  } else if (method == DmarcMethod::public_suffix_list && found.record.percent < 100) {
    text += fmt::format(" (pct={}, {} for the rest)", found.record.percent, below);
  }
  return text;
}

std::string dkim_text(const AlignmentQuestion& question, const DmarcPolicyFound& found,
                      std::optional<bool> alignment) {
  if (question.signing_domain.empty()) return "no DKIM key for it here (Easy DKIM of SES is not seen)";
  auto text = "DKIM d=" + question.signing_domain;
  if (!alignment) return text + " may align, its organisational domain is not known";
  if (*alignment) return text + " aligns";
  return text +
         (found.record.dkim == AlignmentMode::strict ? " does not align (adkim=s)" : " does not align");
}

std::string spf_text(const MailFromFacts& mail_from, const DmarcPolicyFound& found,
                     std::optional<bool> alignment) {
  if (mail_from.identity.empty()) return "MAIL FROM is amazonses.com";
  auto text = "MAIL FROM " + mail_from.domain;
  if (alignment && !*alignment)
    return text +
           (found.record.spf == AlignmentMode::strict ? " does not align (aspf=s)" : " does not align");
  if (mail_from.mx == MailFromFacts::Mx::wrong) return text + " has not the MX that SES wants";
  if (mail_from.spf.worst != SpfResult::pass)
    return text + " has SPF " + std::string(to_string(mail_from.spf.worst));
  if (mail_from.mx == MailFromFacts::Mx::unknown) return text + " has an MX that is not known";
  return text + (alignment ? " aligns" : " may align, its organisational domain is not known");
}

std::string detail_of(const DmarcPolicyFound& found, DmarcMethod method, const std::string& legs) {
  switch (found.state) {
    case State::none:
      return "no DMARC record; " + legs;
    case State::found:
      return policy_text(found, method) + ": " + legs;
    case State::several_records:
    case State::invalid:
    case State::temperror:
      break;
  }
  return shown(found.problem);
}

int badness(DmarcResult result) {
  switch (result) {
    case DmarcResult::pass_both:
      return 0;
    case DmarcResult::pass_dkim:
      return 1;
    case DmarcResult::pass_spf:
      return 2;
    case DmarcResult::none:
      return 3;
    case DmarcResult::permerror:
      return 4;
    case DmarcResult::temperror:
      return 5;
    case DmarcResult::fail:
      return 6;
  }
  return 6;
}

}  // namespace

std::string_view to_string(DmarcResult result) {
  switch (result) {
    case DmarcResult::pass_dkim:
    case DmarcResult::pass_spf:
    case DmarcResult::pass_both:
      return "pass";
    case DmarcResult::fail:
      return "fail";
    case DmarcResult::none:
      return "none";
    case DmarcResult::permerror:
      return "permerror";
    case DmarcResult::temperror:
      return "temperror";
  }
  return "none";
}

MethodVerdict judge(const AlignmentQuestion& question, const AlignmentFacts& facts,
                    const MethodFacts& method) {
  const auto& found = method.found;
  const auto& author = question.from_domain;
  const auto& authors = found.organizational_domain;
  const auto dkim = aligned(question.signing_domain, author, found.record.dkim, method.signing, authors);
  const auto spf = aligned(facts.mail_from.domain, author, found.record.spf, method.mail_from, authors);
  MethodVerdict out;
  out.method = method.method;
  out.dkim = dkim_leg(dkim);
  out.spf = spf_leg(spf, facts.mail_from);
  out.dkim_aligned = dkim.value_or(false);
  out.spf_aligned = spf.value_or(false);
  out.result = result_of(found, out.dkim, out.spf);
  if (found.state == State::found) out.policy = applied(found, method.method);
  const auto legs = dkim_text(question, found, dkim) + ", " + spf_text(facts.mail_from, found, spf);
  out.detail = detail_of(found, method.method, legs);
  return out;
}

bool is_worse(const MethodVerdict& a, const MethodVerdict& b) {
  if (a.result != b.result) return badness(a.result) > badness(b.result);
  return a.policy > b.policy;
}

Assessment conclude(const AlignmentSettings& settings, const AlignmentQuestion& question,
                    const AlignmentFacts& facts) {
  const auto walk = judge(question, facts, facts.methods[0]);
  const auto list = judge(question, facts, facts.methods[1]);
  // Of equals the list's: without any record the tree walk knows no organisational domains.
  const auto& worst = is_worse(walk, list) ? walk : list;
  Assessment out;
  out.author_domain = question.from_domain;
  out.spf = facts.sender.worst;
  out.spf_detail = shown(facts.sender.detail);
  out.mail_from_domain = facts.mail_from.domain;
  out.spf_aligned = worst.spf_aligned;
  out.dkim_aligned = worst.dkim_aligned;
  out.dmarc = worst.result;
  out.policy = worst.policy;
  out.dmarc_detail = worst.detail;
  if (question.from_domain.empty()) out.dmarc_detail = "From has no address with a domain";
  out.advice = advise(settings, question, facts, walk, list);
  return out;
}

AssessmentPtr worse(const AssessmentPtr& a, const AssessmentPtr& b) {
  const bool second = a->dmarc != b->dmarc ? badness(b->dmarc) > badness(a->dmarc) : b->policy > a->policy;
  auto out = second ? *b : *a;
  const auto& other = second ? *a : *b;
  out.advice.insert(out.advice.end(), other.advice.begin(), other.advice.end());
  out.expires = std::min(a->expires, b->expires);
  return std::make_shared<const Assessment>(std::move(out));
}

}  // namespace postern::policy
