#include "spf_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "spf_grammar.hpp"
#include "spf_lookup.hpp"

namespace postern::policy {

namespace {

// Look-ups bound it already, by default at 10; a caller may allow more.
constexpr int deepest = 30;

}  // namespace

SpfCheck::SpfCheck(net::Resolver& resolver, const SpfQuery& query, const SpfOptions& options)
    : resolver_(resolver), query_(query), options_(options) {
  // RFC 7208 4.3: a sender without a local part counts as postmaster.
  const std::string_view sender = query.sender.empty() ? std::string_view(query.domain) : query.sender;
  const auto at = sender.rfind('@');
  local_part_ = at == std::string_view::npos || at == 0 ? "postmaster" : sender.substr(0, at);
  sender_domain_ = at == std::string_view::npos ? sender : sender.substr(at + 1);
  report_.expires = base::SteadyTime::max();
}

base::Task<SpfReport> SpfCheck::run() {
  Place start;
  start.domain = without_final_dot(query_.domain);
  report_.result = co_await evaluate(std::move(start));
  co_return std::move(report_);
}

base::Task<SpfResult> SpfCheck::evaluate(Place place) {
  if (place.depth > deepest) {
    why_ = "too many includes and redirects in each other";
    co_return SpfResult::permerror;
  }
  const auto published = co_await find_spf(resolver_, place.domain);
  if (published.answer) report_.expires = std::min(report_.expires, published.answer->expires);
  if (published.state != SpfResult::pass) {
    why_ = published.problem;
    if (place.depth == 0) report_.problem = why_;
    co_return published.state;
  }
  const auto text = published.records.front();
  if (place.depth == 0) report_.record = text;
  // 4.6: a syntax error anywhere counts, even behind what would match.
  const auto record = parse_spf_record(text);
  if (!record) {
    why_ = report_.problem = fmt::format("record of {}: {}", place.domain, record.error().message);
    co_return SpfResult::permerror;
  }
  const auto result = co_await walk(*record, place);
  co_return result;
}

base::Task<SpfResult> SpfCheck::walk(const SpfRecord& record, const Place& place) {
  for (const auto& directive : record.directives) {
    const auto result = co_await try_directive(directive, place);
    if (!result) continue;
    // 6.2: only where the whole check ends with this record.
    const bool explained = *result == SpfResult::fail && !place.included && !record.exp.text.empty();
    if (explained && options_.explain) co_await explain(record.exp.domain_spec, place);
    co_return *result;
  }
  if (record.redirect.text.empty()) co_return SpfResult::neutral;
  const auto redirected = co_await follow(record.redirect, place);
  co_return redirected;
}

base::Task<std::optional<SpfResult>> SpfCheck::try_directive(const SpfDirective& directive,
                                                             const Place& place) {
  const auto term = begin_term(directive.text, place, directive.result);
  auto outcome = Outcome::permerror;
  if (directive.mechanism == SpfMechanism::all) {
    outcome = Outcome::match;
  } else if (!costs_lookup(directive.mechanism)) {
    outcome = match_ip(directive);
  } else if (count_lookup(term)) {
    outcome = co_await match(directive, place);
    if (options_.keep_terms && directive.mechanism == SpfMechanism::include)
      report_.terms[term].result = included_;
  }
  end_term(term, outcome, directive.text, place);
  if (outcome == Outcome::no_match) co_return std::nullopt;
  if (outcome == Outcome::match) co_return directive.result;
  co_return outcome == Outcome::temperror ? SpfResult::temperror : SpfResult::permerror;
}

base::Task<SpfResult> SpfCheck::follow(const SpfModifier& redirect, const Place& place) {
  const auto term = begin_term(redirect.text, place, SpfResult::permerror);
  auto result = SpfResult::permerror;
  if (count_lookup(term)) {
    Place next{{}, place.depth + 1, place.included};
    next.domain = co_await target(redirect.domain_spec, place.domain);
    result = co_await evaluate(std::move(next));
    note(to_string(result));
  }
  if (result == SpfResult::none) result = SpfResult::permerror;  // 6.1
  if (options_.keep_terms) report_.terms[term].result = result;
  const auto outcome = result == SpfResult::permerror   ? Outcome::permerror
                       : result == SpfResult::temperror ? Outcome::temperror
                                                        : Outcome::match;
  end_term(term, outcome, redirect.text, place);
  co_return result;
}

// 6.2: whatever goes wrong here, it is as if there were no exp.
base::Task<void> SpfCheck::explain(std::string_view exp, const Place& place) {
  auto name = co_await target(exp, place.domain);
  const auto answer = co_await query(std::move(name), net::DnsType::txt);
  if (!answer || (*answer)->texts.size() != 1) co_return;
  const std::string_view text = (*answer)->texts.front();
  if (!check_explanation(text)) co_return;
  if (uses_macro(text, 'p')) co_await validate();
  report_.explanation = expand_explanation(text, values(place.domain));
}

base::Task<std::string> SpfCheck::target(std::string_view domain_spec, const std::string& domain) {
  if (domain_spec.empty()) co_return domain;
  if (uses_macro(domain_spec, 'p')) co_await validate();
  co_return expand_domain_spec(domain_spec, values(domain));
}

MacroValues SpfCheck::values(const std::string& domain) const {
  MacroValues out;
  out.local_part = local_part_;
  out.sender_domain = sender_domain_;
  out.domain = domain;
  out.ip = query_.ip;
  out.validated = validated_name(domain);
  out.helo = query_.helo;
  out.receiver = query_.receiver;
  out.time = query_.time;
  return out;
}

bool SpfCheck::count_lookup(std::size_t term) {
  ++report_.lookups;
  if (options_.keep_terms) report_.terms[term].lookups = report_.lookups;
  if (report_.lookups <= options_.max_lookups) return true;
  why_ = fmt::format("more than {} look-ups", options_.max_lookups);
  return false;
}

bool SpfCheck::count_void() {
  if (++report_.void_lookups <= options_.max_void_lookups) return true;
  why_ = fmt::format("more than {} look-ups that find nothing", options_.max_void_lookups);
  return false;
}

std::size_t SpfCheck::begin_term(std::string_view text, const Place& place, SpfResult result) {
  if (!options_.keep_terms) return 0;
  note_.clear();
  SpfTerm term;
  term.domain = place.domain;
  term.depth = place.depth;
  term.text = text;
  term.result = result;
  term.lookups = report_.lookups;
  report_.terms.push_back(std::move(term));
  return report_.terms.size() - 1;
}

void SpfCheck::end_term(std::size_t index, Outcome outcome, std::string_view text, const Place& place) {
  const bool error = outcome == Outcome::temperror || outcome == Outcome::permerror;
  // The innermost is the cause; what includes it only passes it on.
  if (error && report_.problem.empty())
    report_.problem = fmt::format("record of {}: {}: {}", place.domain, text, why_);
  if (!options_.keep_terms) return;
  auto& term = report_.terms[index];
  term.match = outcome == Outcome::match;
  term.void_lookups = report_.void_lookups;
  term.note = error ? why_ : std::exchange(note_, {});
}

}  // namespace postern::policy
