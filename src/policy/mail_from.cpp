#include "mail_from.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "alignment_authorised.hpp"
#include "alignment_records.hpp"
#include "dmarc_names.hpp"
#include "postern/base/text.hpp"

namespace postern::policy {

namespace {

constexpr int max_lookups = 10;  // RFC 7208 4.6.4

bool is_feedback_host(std::string_view exchange, std::string_view region) {
  if (!region.empty()) return base::equals_ignoring_case(exchange, feedback_host(region));
  const auto host = base::to_lower(exchange);
  return host.starts_with("feedback-smtp.") && host.ends_with(".amazonses.com");
}

std::string list_of(const std::vector<net::MxRecord>& mx) {
  std::string out;
  for (const auto& one : mx)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", one.preference, one.exchange);
  return shown(out);
}

// What is wrong with the MX; empty: nothing.
std::string mx_problem(const std::vector<net::MxRecord>& mx, std::string_view region) {
  if (mx.empty()) return "has no MX";
  if (mx.size() > 1) return "has more than one MX (" + list_of(mx) + ")";
  if (!is_feedback_host(mx[0].exchange, region)) return "has the MX " + list_of(mx);
  if (mx[0].preference != 10) return "has its MX at preference " + std::to_string(mx[0].preference);
  return {};
}

Advice unanswered(const std::string& domain, const std::string& problem) {
  return {domain,
          "mail_from_temperror",
          fmt::format("The DNS does not answer for the MAIL FROM domain {}: {}.", domain, shown(problem)),
          {}};
}

void judge_mx(const base::Result<net::DnsAnswerPtr>& answer, const std::string& region,
              MailFromFacts& facts) {
  if (!answer && answer.error().code != base::Errc::invalid) {
    facts.mx = MailFromFacts::Mx::unknown;
    facts.advice.push_back(unanswered(facts.domain, answer.error().message));
    return;
  }
  const auto mx = answer ? (*answer)->mx : std::vector<net::MxRecord>{};
  const bool usable = mx.size() == 1 && is_feedback_host(mx[0].exchange, region);
  facts.mx = usable ? MailFromFacts::Mx::right : MailFromFacts::Mx::wrong;
  const auto problem = mx_problem(mx, region);
  if (problem.empty()) return;
  facts.advice.push_back(
      {facts.domain, "mail_from_mx",
       fmt::format("The MAIL FROM domain {} {}: SES wants exactly this one, and until then it uses "
                   "amazonses.com instead or refuses the mail.",
                   facts.domain, problem),
       mx_record(facts.domain, feedback_host(region))});
}

struct SpfFault {
  std::string_view reason;
  std::string text;
};

SpfFault spf_fault(const SpfSurvey& survey, const AuthorisedSpf& spf) {
  if (survey.records.size() > 1)
    return {"mail_from_spf_several",
            fmt::format("has {} SPF records, which receivers treat as an error", survey.records.size())};
  if (survey.state == SpfResult::none)
    return {"mail_from_spf_missing", "has no SPF record, so that SPF gives none at receivers"};
  if (survey.lookups > max_lookups)
    return {"mail_from_spf_lookups",
            fmt::format("has an SPF record that costs {} look-ups, and receivers stop after {}",
                        survey.lookups, max_lookups)};
  if (survey.all == "+")
    return {"mail_from_spf_all", "has an SPF record that lets everybody send in its name (+all)"};
  if (spf.worst != SpfResult::pass)
    return {"mail_from_spf_fail",
            fmt::format("has an SPF record that does not let SES send ({})", shown(spf.detail))};
  return {};
}

void judge_spf(const SpfSurvey& survey, MailFromFacts& facts) {
  if (survey.state == SpfResult::temperror || facts.spf.worst == SpfResult::temperror) {
    const auto& problem = survey.state == SpfResult::temperror ? survey.problem : facts.spf.detail;
    facts.advice.push_back(unanswered(facts.domain, problem));
    return;
  }
  const auto fault = spf_fault(survey, facts.spf);
  if (fault.reason.empty()) return;
  // Nothing else sends with this domain: the record that AWS asks for is the whole of it.
  facts.advice.push_back({facts.domain, std::string(fault.reason),
                          fmt::format("The MAIL FROM domain {} {}.", facts.domain, fault.text),
                          txt_record(facts.domain, "v=spf1 include:amazonses.com ~all")});
}

}  // namespace

const std::pair<const std::string, std::string>* mail_from_entry(
    const std::map<std::string, std::string>& entries, std::string_view from_domain) {
  for (auto name = from_domain; !name.empty(); name = parent_domain(name)) {
    for (const auto& entry : entries) {
      if (normal_domain(entry.first) == name) return &entry;
    }
  }
  return nullptr;
}

base::Task<MailFromFacts> look_at_mail_from(net::Resolver& resolver, std::string domain, std::string region,
                                            AuthorisedNetworks authorised) {
  MailFromFacts facts;
  facts.domain = normal_domain(domain);
  const auto survey = co_await survey_spf(resolver, facts.domain);
  facts.spf = co_await check_authorised(resolver, std::move(authorised), facts.domain);
  judge_spf(survey, facts);
  const auto mx = co_await resolver.query(facts.domain, net::DnsType::mx);
  judge_mx(mx, region, facts);
  co_return facts;
}

}  // namespace postern::policy
