#include "alignment_authorised.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::policy {

namespace {

// SES has a dozen. More than this are not tried: an entry with a bomb of a record costs a bounded time.
constexpr std::size_t max_networks = 256;

int badness(SpfResult result) {
  switch (result) {
    case SpfResult::pass:
      return 0;
    case SpfResult::neutral:
      return 1;
    case SpfResult::none:
      return 2;
    case SpfResult::softfail:
      return 3;
    case SpfResult::temperror:
      return 4;
    case SpfResult::permerror:
      return 5;
    case SpfResult::fail:
      return 6;
  }
  return 6;
}

void add_network(AuthorisedNetworks& out, const net::Network& network, const std::string& source) {
  const bool known = std::any_of(out.networks.begin(), out.networks.end(), [&](const auto& one) {
    return one.network.prefix == network.prefix && first_address(one.network) == first_address(network);
  });
  if (!known && out.networks.size() < max_networks) out.networks.push_back({network, source});
}

SpfQuery query_for(const net::IpAddress& ip, const std::string& domain) {
  SpfQuery query;
  query.ip = ip;
  query.domain = domain;
  query.sender = "postmaster@" + domain;
  query.helo = "amazonses.com";
  return query;
}

// Of what matched, the outermost: the term that decided.
const SpfTerm* deciding_term(const SpfReport& report) {
  const SpfTerm* decided = nullptr;
  for (const auto& term : report.terms) {
    if (term.match && (decided == nullptr || term.depth <= decided->depth)) decided = &term;
  }
  return decided;
}

// What a better record has to leave out: includes of names without a record (RFC 7208 5.2) and terms that
// cost one of the two void look-ups (4.6.4).
std::vector<std::string> broken_terms(const SpfReport& report) {
  std::vector<std::string> out;
  int voids = 0;
  for (const auto& term : report.terms) {
    const bool no_record = term.result == SpfResult::none && term.lookups <= SpfOptions().max_lookups &&
                           term.text.find("include:") != std::string::npos;
    const bool finds_nothing = term.void_lookups > voids || (no_record && !term.match);
    voids = term.void_lookups;
    if (term.depth == 0 && finds_nothing) out.push_back(term.text);
  }
  return out;
}

std::string describe(const AuthorisedNetwork& tried, const SpfReport& report) {
  auto text = to_text(tried.network);
  if (tried.source != text) text += " of " + tried.source;
  text += ": " + std::string(to_string(report.result));
  if (!report.problem.empty()) return text + ", " + report.problem;
  const auto* term = deciding_term(report);
  if (term != nullptr) text += fmt::format(" by {} of {}", term->text, term->domain);
  if (term == nullptr && report.result == SpfResult::neutral) text += ", no term matches";
  return text;
}

}  // namespace

SpfResult worse(SpfResult a, SpfResult b) {
  return badness(a) >= badness(b) ? a : b;
}

net::IpAddress first_address(const net::Network& network) {
  auto out = network.address;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int kept = std::clamp(network.prefix - static_cast<int>(i) * 8, 0, 8);
    out.bytes[i] = static_cast<std::uint8_t>(out.bytes[i] & (0xff00 >> kept));
  }
  return out;
}

std::string to_text(const net::Network& network) {
  const bool v4 = network.address.is_v4() && network.prefix >= 96;
  return fmt::format("{}/{}", first_address(network).to_string(), v4 ? network.prefix - 96 : network.prefix);
}

base::Task<AuthorisedNetworks> flatten_authorised(net::Resolver& resolver, std::vector<std::string> entries) {
  AuthorisedNetworks out;
  for (const auto& entry : entries) {
    if (const auto network = net::Network::parse(entry)) {
      add_network(out, *network, entry);
      continue;
    }
    const auto survey = co_await survey_spf(resolver, entry);
    for (const auto& network : survey.networks) add_network(out, network, entry);
    if (survey.state == SpfResult::pass && !survey.networks.empty()) continue;
    out.temporary = out.temporary || survey.state == SpfResult::temperror;
    const auto why = survey.problem.empty() ? std::string("its SPF gives no network") : survey.problem;
    out.problem = fmt::format("spf.authorised {}: {}", entry, why);
  }
  co_return out;
}

base::Task<AuthorisedSpf> check_authorised(net::Resolver& resolver, AuthorisedNetworks authorised,
                                           std::string domain) {
  AuthorisedSpf out;
  const bool unknown = authorised.temporary || authorised.networks.empty();
  out.worst = unknown ? SpfResult::temperror : SpfResult::pass;
  out.detail = authorised.problem;
  if (out.detail.empty() && unknown) out.detail = "spf.authorised is empty";
  const AuthorisedNetwork* worst = nullptr;
  for (const auto& tried : authorised.networks) {
    const SpfOptions quick{.explain = false};
    const auto report = co_await check_host(resolver, query_for(first_address(tried.network), domain), quick);
    out.record = report.record;
    if (report.result == SpfResult::pass) continue;
    if (std::find(out.missing.begin(), out.missing.end(), tried.source) == out.missing.end())
      out.missing.push_back(tried.source);
    if (worse(out.worst, report.result) != out.worst) worst = &tried;
    out.worst = worse(out.worst, report.result);
    if (report.result == SpfResult::temperror) break;  // an outage: don't ask it for every network
  }
  if (worst == nullptr) co_return out;
  const SpfOptions full{.keep_terms = true, .explain = false};
  const auto report = co_await check_host(resolver, query_for(first_address(worst->network), domain), full);
  out.detail = describe(*worst, report);
  out.lookups = report.lookups;
  if (report.result == SpfResult::permerror) out.broken = broken_terms(report);
  co_return out;
}

}  // namespace postern::policy
