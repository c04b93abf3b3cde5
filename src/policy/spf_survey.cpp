// A survey walks everything a record can reach, without a client, and goes on where an evaluation would stop:
// who repairs a record wants to know that it costs 14 look-ups, not that it costs more than 10.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "postern/base/text.hpp"
#include "spf_grammar.hpp"
#include "spf_lookup.hpp"
#include "spf_macro.hpp"
#include "spf_record.hpp"

namespace postern::policy {

namespace {

constexpr int allowed_lookups = 10;  // 4.6.4
constexpr int allowed_voids = 2;
constexpr std::size_t most_exchangers = 10;
constexpr int most_walked = 100;  // look-ups after which nothing more is asked
constexpr std::size_t most_networks = 10'000;
constexpr int most_errors = 3;  // of the DNS: each may take seconds

// How the record at hand was reached.
struct Place {
  std::string domain;
  std::vector<std::string> above;  // domains that lead here, for loops
  bool passes = true;              // a pass here is a pass of the whole
  std::string reached_by;          // the term that leads here, for problems
};

std::string_view sign(SpfResult result) {
  if (result == SpfResult::fail) return "-";
  if (result == SpfResult::softfail) return "~";
  return result == SpfResult::neutral ? "?" : "+";
}

class Survey {
 public:
  explicit Survey(net::Resolver& resolver) : resolver_(resolver) {
    survey_.state = SpfResult::pass;
    survey_.expires = base::SteadyTime::max();
  }
  base::Task<SpfSurvey> run(std::string domain);

 private:
  // What a record, with what it redirects to, ends with: the qualifier of the `all` that is reached.
  base::Task<std::string> walk(Place place);
  base::Task<std::string> walk_directives(const SpfRecord& record, const Place& place);
  base::Task<std::string> descend(std::string_view term, std::string_view domain_spec, const Place& place,
                                  bool passes);
  base::Task<void> look_up(const SpfDirective& directive, const Place& place);
  base::Task<void> add_exchangers(const SpfDirective& directive, const Place& place, std::string name);
  base::Task<void> add_addresses(const SpfDirective& directive, const Place& place, std::string name);
  base::Task<net::DnsAnswerPtr> ask(std::string name, net::DnsType type, const SpfDirective& directive,
                                    const Place& place);

  bool count_lookup(std::string_view term, const Place& place);
  void count_void(std::string_view term, const Place& place);
  void add(const net::Network& network, const SpfDirective& directive, const Place& place);
  void fail(SpfResult state, std::string problem);

  net::Resolver& resolver_;
  SpfSurvey survey_;
  int errors_ = 0;
};

std::string in_record(std::string_view term, const Place& place, std::string_view why) {
  return fmt::format("record of {}: {}: {}", place.domain, term, why);
}

// The domain can be known without a client.
std::string known_target(std::string_view domain_spec, const Place& place) {
  if (domain_spec.empty()) return place.domain;
  MacroValues values;
  values.domain = place.domain;
  return expand_domain_spec(domain_spec, values);
}

bool is_known(std::string_view domain_spec) {
  return uses_only(domain_spec, "d");
}

base::Task<SpfSurvey> Survey::run(std::string domain) {
  Place start;
  start.domain = without_final_dot(domain);
  survey_.all = co_await walk(std::move(start));
  co_return std::move(survey_);
}

base::Task<std::string> Survey::walk(Place place) {
  const auto published = co_await find_spf(resolver_, place.domain);
  if (published.answer) survey_.expires = std::min(survey_.expires, published.answer->expires);
  const bool first = place.above.empty();
  if (first) survey_.records.assign(published.records.begin(), published.records.end());
  if (published.state != SpfResult::pass) {
    const bool missing = published.state == SpfResult::none && !first;  // 5.2, 6.1
    fail(missing ? SpfResult::permerror : published.state, place.reached_by + published.problem);
    co_return std::string();
  }
  const auto record = parse_spf_record(published.records.front());
  if (!record) {
    fail(SpfResult::permerror, fmt::format("record of {}: {}", place.domain, record.error().message));
    co_return std::string();
  }
  place.above.push_back(place.domain);
  auto all = co_await walk_directives(*record, place);
  if (!all.empty() || record->redirect.text.empty()) co_return all;
  const auto& redirect = record->redirect;
  auto redirected = co_await descend(redirect.text, redirect.domain_spec, place, place.passes);
  co_return redirected;
}

base::Task<std::string> Survey::walk_directives(const SpfRecord& record, const Place& place) {
  for (const auto& directive : record.directives) {
    const auto mechanism = directive.mechanism;
    if (mechanism == SpfMechanism::all) co_return std::string(sign(directive.result));
    const bool passes = place.passes && directive.result == SpfResult::pass;
    if (!costs_lookup(mechanism)) {
      add(network_of(directive.address, directive), directive, place);
    } else if (mechanism == SpfMechanism::include) {
      const auto inner = co_await descend(directive.text, directive.domain_spec, place, passes);
      if (inner == "+") co_return std::string(sign(directive.result));  // it matches everybody
    } else if (count_lookup(directive.text, place)) {
      co_await look_up(directive, place);
    }
  }
  co_return std::string();
}

base::Task<std::string> Survey::descend(std::string_view term, std::string_view domain_spec,
                                        const Place& place, bool passes) {
  std::string all;
  if (!count_lookup(term, place)) co_return all;
  if (!is_known(domain_spec)) {
    survey_.unknown_terms.emplace_back(term);
    co_return all;
  }
  Place inner{known_target(domain_spec, place), place.above, passes, in_record(term, place, "")};
  const auto same = [&inner](const std::string& each) {
    return base::equals_ignoring_case(each, inner.domain);
  };
  if (std::ranges::none_of(survey_.included, same)) survey_.included.push_back(inner.domain);
  if (std::ranges::any_of(place.above, same)) {
    fail(SpfResult::permerror, in_record(term, place, "a loop"));
    co_return all;
  }
  all = co_await walk(std::move(inner));
  co_return all;
}

base::Task<void> Survey::look_up(const SpfDirective& directive, const Place& place) {
  const bool depends =
      directive.mechanism == SpfMechanism::ptr || directive.mechanism == SpfMechanism::exists;
  if (depends || !is_known(directive.domain_spec)) {
    survey_.unknown_terms.emplace_back(directive.text);
    co_return;
  }
  auto name = known_target(directive.domain_spec, place);
  if (directive.mechanism == SpfMechanism::mx) {
    co_await add_exchangers(directive, place, std::move(name));
  } else {
    co_await add_addresses(directive, place, std::move(name));
  }
}

base::Task<void> Survey::add_exchangers(const SpfDirective& directive, const Place& place, std::string name) {
  const auto answer = co_await ask(name, net::DnsType::mx, directive, place);
  if (!answer) co_return;
  if (answer->mx.empty()) count_void(directive.text, place);
  if (answer->mx.size() > most_exchangers) {
    fail(SpfResult::permerror, in_record(directive.text, place,
                                         fmt::format("{} has {} MX records, {} are allowed", name,
                                                     answer->mx.size(), most_exchangers)));
    co_return;
  }
  for (const auto& record : answer->mx) {
    if (!record.exchange.empty()) co_await add_addresses(directive, place, record.exchange);
  }
}

base::Task<void> Survey::add_addresses(const SpfDirective& directive, const Place& place, std::string name) {
  const auto four = co_await ask(name, net::DnsType::a, directive, place);
  const auto six = co_await ask(name, net::DnsType::aaaa, directive, place);
  if (four && six && four->addresses.empty() && six->addresses.empty()) count_void(directive.text, place);
  for (const auto& answer : {four, six}) {
    if (!answer) continue;
    for (const auto& address : answer->addresses) add(network_of(address, directive), directive, place);
  }
}

// Null after an error, and for a name that DNS can't carry: that matches nobody (4.8).
base::Task<net::DnsAnswerPtr> Survey::ask(std::string name, net::DnsType type, const SpfDirective& directive,
                                          const Place& place) {
  net::DnsAnswerPtr out;
  if (!is_dns_name(name) || errors_ >= most_errors) co_return out;
  const auto answer = co_await resolver_.query(name, type);
  if (answer) {
    out = *answer;
    survey_.expires = std::min(survey_.expires, out->expires);
  } else if (answer.error().code != base::Errc::invalid) {
    fail(SpfResult::temperror, in_record(directive.text, place, answer.error().message));
  }
  co_return out;
}

// false: so much was asked already that the walk ends.
bool Survey::count_lookup(std::string_view term, const Place& place) {
  if (survey_.lookups >= most_walked || errors_ >= most_errors) {
    survey_.truncated = true;
    return false;
  }
  if (++survey_.lookups == allowed_lookups + 1) {
    fail(SpfResult::permerror,
         in_record(term, place, fmt::format("look-up {}, {} are allowed", survey_.lookups, allowed_lookups)));
  }
  return true;
}

void Survey::count_void(std::string_view term, const Place& place) {
  if (++survey_.void_lookups != allowed_voids + 1) return;
  fail(SpfResult::permerror, in_record(term, place,
                                       fmt::format("look-up {} that finds nothing, {} are allowed",
                                                   survey_.void_lookups, allowed_voids)));
}

void Survey::add(const net::Network& network, const SpfDirective& directive, const Place& place) {
  if (!place.passes || directive.result != SpfResult::pass) return;
  // An IPv4 client is never one of ip6, so these hold nobody.
  if (directive.mechanism == SpfMechanism::ip6 && network.prefix >= 96 && network.address.is_v4()) return;
  if (survey_.networks.size() < most_networks) {
    survey_.networks.push_back(network);
  } else {
    survey_.truncated = true;
  }
}

// The first permerror counts, else the first temperror: who asks again later still has the permerror.
void Survey::fail(SpfResult state, std::string problem) {
  if (state == SpfResult::temperror && ++errors_ == most_errors) survey_.truncated = true;
  const bool worse = survey_.state == SpfResult::pass ||
                     (survey_.state == SpfResult::temperror && state == SpfResult::permerror);
  if (!worse) return;
  survey_.state = state;
  survey_.problem = std::move(problem);
}

}  // namespace

base::Task<SpfSurvey> survey_spf(net::Resolver& resolver, std::string domain) {
  Survey survey(resolver);
  auto out = co_await survey.run(std::move(domain));
  co_return out;
}

}  // namespace postern::policy
