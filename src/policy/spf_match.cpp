// The mechanisms of RFC 7208 5: does one directive match the client?
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "spf_check.hpp"
#include "spf_grammar.hpp"

namespace postern::policy {

namespace {

constexpr std::size_t most_exchangers = 10;  // 4.6.4
constexpr std::size_t most_names = 10;

std::string shown(const net::Network& network) {
  const int bits = network.address.is_v4() ? network.prefix - 96 : network.prefix;
  return fmt::format("{}/{}", network.address.to_string(), bits);
}

std::string_view word(net::DnsType type) {
  if (type == net::DnsType::mx) return "MX";
  if (type == net::DnsType::ptr) return "PTR";
  return type == net::DnsType::a ? "A" : "AAAA";
}

bool is_void(const net::DnsAnswer& answer) {
  return answer.addresses.empty() && answer.mx.empty() && answer.names.empty();
}

}  // namespace

net::DnsType SpfCheck::address_type() const {
  return query_.ip.is_v4() ? net::DnsType::a : net::DnsType::aaaa;
}

base::Task<SpfCheck::Outcome> SpfCheck::match(const SpfDirective& directive, const Place& place) {
  auto name = co_await target(directive.domain_spec, place.domain);
  switch (directive.mechanism) {
    case SpfMechanism::include:
      co_return co_await match_include(place, std::move(name));
    case SpfMechanism::a:
      co_return co_await match_a(directive, std::move(name));
    case SpfMechanism::mx:
      co_return co_await match_mx(directive, std::move(name));
    case SpfMechanism::ptr:
      co_return co_await match_ptr(std::move(name));
    case SpfMechanism::exists:
      co_return co_await match_exists(std::move(name));
    case SpfMechanism::all:
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
      break;
  }
  co_return Outcome::no_match;
}

// The table of 5.2.
base::Task<SpfCheck::Outcome> SpfCheck::match_include(const Place& place, std::string name) {
  Place inner{std::move(name), place.depth + 1, true};
  included_ = co_await evaluate(std::move(inner));
  note(to_string(included_));
  switch (included_) {
    case SpfResult::pass:
      co_return Outcome::match;
    case SpfResult::temperror:
      co_return Outcome::temperror;
    case SpfResult::permerror:
    case SpfResult::none:
      co_return Outcome::permerror;
    case SpfResult::fail:
    case SpfResult::softfail:
    case SpfResult::neutral:
      break;
  }
  co_return Outcome::no_match;
}

base::Task<SpfCheck::Outcome> SpfCheck::match_a(const SpfDirective& directive, std::string name) {
  const auto look = co_await ask(name, address_type());
  if (look.outcome != Outcome::match) co_return look.outcome;
  co_return match_addresses(directive, *look.answer, name);
}

base::Task<SpfCheck::Outcome> SpfCheck::match_mx(const SpfDirective& directive, std::string name) {
  const auto exchangers = co_await ask(name, net::DnsType::mx);
  if (exchangers.outcome != Outcome::match) co_return exchangers.outcome;
  const auto& records = exchangers.answer->mx;
  // Counted before any is looked up: the order of equal preferences must not decide.
  if (records.size() > most_exchangers) {
    why_ = fmt::format("{} has {} MX records, {} are allowed", name, records.size(), most_exchangers);
    co_return Outcome::permerror;
  }
  for (const auto& record : records) {
    if (record.exchange.empty()) continue;  // the null MX of RFC 7505
    const auto outcome = co_await match_a(directive, record.exchange);
    if (outcome != Outcome::no_match) co_return outcome;
  }
  co_return Outcome::no_match;
}

// 5.5. An error of the DNS is no match here: it is the client's, not the sender's.
base::Task<SpfCheck::Outcome> SpfCheck::match_ptr(std::string name) {
  co_await validate();
  if (no_reverse_ && !count_void()) co_return Outcome::permerror;
  const auto below = [&name](const std::string& each) { return is_at_or_below(each, name); };
  const auto found = std::ranges::find_if(*validated_, below);
  if (found == validated_->end()) {
    note("no validated name of the client is at or below ", name);
    co_return Outcome::no_match;
  }
  note(*found);
  co_return Outcome::match;
}

// 5.7: an A record, also for IPv6 clients.
base::Task<SpfCheck::Outcome> SpfCheck::match_exists(std::string name) {
  const auto look = co_await ask(name, net::DnsType::a);
  if (look.outcome == Outcome::match) note(name, " exists");
  co_return look.outcome;
}

SpfCheck::Outcome SpfCheck::match_ip(const SpfDirective& directive) {
  // An IPv4 client is never one of ip6, however it is written (5, 5.6).
  const bool v4 = directive.mechanism == SpfMechanism::ip4;
  if (query_.ip.is_v4() != v4) return Outcome::no_match;
  const auto network = network_of(directive.address, directive);
  if (!network.contains(query_.ip)) return Outcome::no_match;
  if (options_.keep_terms) note_ = fmt::format("{} contains {}", shown(network), query_.ip.to_string());
  return Outcome::match;
}

SpfCheck::Outcome SpfCheck::match_addresses(const SpfDirective& directive, const net::DnsAnswer& answer,
                                            const std::string& name) {
  for (const auto& address : answer.addresses) {
    const auto network = network_of(address, directive);
    if (!network.contains(query_.ip)) continue;
    if (options_.keep_terms)
      note_ = fmt::format("{}: {} contains {}", name, shown(network), query_.ip.to_string());
    return Outcome::match;
  }
  if (options_.keep_terms && !answer.addresses.empty())
    note_ = fmt::format("{} has {} addresses, {} first; none matches", name, answer.addresses.size(),
                        answer.addresses.front().to_string());
  return Outcome::no_match;
}

base::Task<SpfCheck::Look> SpfCheck::ask(std::string name, net::DnsType type) {
  Look look;
  const auto answer = co_await query(name, type);
  if (answer && !is_void(**answer)) {
    look.answer = *answer;
    look.outcome = Outcome::match;
  } else if (answer) {
    const bool missing = (*answer)->status == net::DnsAnswer::Status::no_such_name;
    note(name, missing ? ": NXDOMAIN" : ": no ", missing ? "" : word(type));
    if (!count_void()) look.outcome = Outcome::permerror;
  } else if (answer.error().code == base::Errc::invalid) {
    note("\"", name, "\" is no domain name");  // 4.8: then the mechanism does not match
  } else {
    why_ = fmt::format("{} of {}: {}", word(type), name, answer.error().message);
    look.outcome = Outcome::temperror;
  }
  co_return look;
}

// Names that DNS can't carry are not asked for; whatever is answered bounds how long the result holds.
base::Task<base::Result<net::DnsAnswerPtr>> SpfCheck::query(std::string name, net::DnsType type) {
  if (!is_dns_name(name)) co_return base::fail(base::Errc::invalid, "no domain name");
  auto answer = co_await resolver_.query(std::move(name), type);
  if (answer) report_.expires = std::min(report_.expires, (*answer)->expires);
  co_return answer;
}

// 5.5: names of the client whose addresses hold the client. The sender has no say in how many there are, so
// more than ten are no error.
base::Task<void> SpfCheck::validate() {
  if (validated_) co_return;
  validated_.emplace();
  auto reverse = expand_domain_spec("%{ir}.%{v}.arpa", values(query_.domain));
  const auto pointers = co_await query(std::move(reverse), net::DnsType::ptr);
  if (!pointers) co_return;
  const auto& names = (*pointers)->names;
  no_reverse_ = names.empty();
  for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i) {
    const auto found = co_await query(names[i], address_type());
    if (found && std::ranges::count((*found)->addresses, query_.ip) > 0)
      validated_->emplace_back(without_final_dot(names[i]));
  }
}

// 7.3: the domain itself before one below it before any.
std::string_view SpfCheck::validated_name(std::string_view domain) const {
  if (!validated_ || validated_->empty()) return "unknown";
  const auto below = [domain](const std::string& name) { return is_at_or_below(name, domain); };
  const auto same = [&](const std::string& name) { return below(name) && name.size() == domain.size(); };
  auto best = std::ranges::find_if(*validated_, same);
  if (best == validated_->end()) best = std::ranges::find_if(*validated_, below);
  return best == validated_->end() ? validated_->front() : *best;
}

}  // namespace postern::policy
