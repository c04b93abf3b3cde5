#include <algorithm>

#include "dmarc_lookup.hpp"
#include "dmarc_names.hpp"

namespace postern::policy {

namespace {

using State = DmarcPolicyFound::State;

State state_of(DmarcAtName::State state) {
  switch (state) {
    case DmarcAtName::State::valid:
      return State::found;
    case DmarcAtName::State::several:
      return State::several_records;
    case DmarcAtName::State::invalid:
      return State::invalid;
    case DmarcAtName::State::failed:
      return State::temperror;
    case DmarcAtName::State::none:
      return State::none;
  }
  return State::none;
}

void take(DmarcPolicyFound& found, const DmarcAtName& at) {
  found.state = state_of(at.state);
  found.domain = at.name;
  found.record = at.record;
  found.problem = at.problem;
}

void apply(DmarcPolicyFound& found, std::string_view tag, DmarcPolicy policy) {
  found.tag = tag;
  found.applies = policy;
}

void apply_to_subdomain(DmarcPolicyFound& found) {
  const auto& record = found.record;
  apply(found, record.subdomain_policy ? "sp" : "p", record.subdomain_policy.value_or(record.policy));
}

// np is for names that don't exist: NXDOMAIN for the From domain itself (RFC 9989 3.2, RFC 8020). Asked only
// where it makes a difference.
base::Task<void> apply_np(net::Resolver& resolver, const std::string& domain, DmarcPolicyFound& found) {
  apply_to_subdomain(found);
  const auto np = found.record.nonexistent_policy;
  if (!np || *np == found.applies) co_return;
  const auto answer = co_await resolver.query(domain, net::DnsType::a);
  if (!answer && answer.error().code != base::Errc::invalid) {
    found.state = State::temperror;
    found.problem = domain + " (does it exist, for np): " + answer.error().message;
    co_return;
  }
  if (answer) found.expires = std::min(found.expires, (*answer)->expires);
  const bool exists = answer && (*answer)->status != net::DnsAnswer::Status::no_such_name;
  if (!exists) apply(found, "np", *np);
}

// Which record of the walk applies (RFC 9989 4.10.1); null: none does, and `found` says why.
const DmarcAtName* applicable(const TreeWalk& walk, DmarcPolicyFound& found) {
  using At = DmarcAtName::State;
  const auto& start = walk.start();
  if (start.state == At::valid) return &start;
  if (start.state == At::invalid || start.state == At::failed) {
    take(found, start);
    return nullptr;
  }
  if (walk.failed) {
    take(found, walk.steps.back());
    return nullptr;
  }
  if (const auto* at = walk.valid_at(found.organizational_domain)) return at;
  if (const auto* at = walk.public_suffix()) return at;
  for (const auto state : {At::invalid, At::several}) {
    const auto* at = walk.first(state);
    if (at == nullptr) continue;
    take(found, *at);
    break;
  }
  return nullptr;
}

base::Task<DmarcPolicyFound> find_by_tree_walk(net::Resolver& resolver, std::string domain) {
  const auto walk = co_await walk_tree(resolver, domain);
  DmarcPolicyFound found;
  found.expires = walk.expires;
  found.organizational_domain = organizational_domain_of(walk).value_or("");
  const auto* at = applicable(walk, found);
  if (at == nullptr) co_return found;
  take(found, *at);
  if (at->name == domain) {
    apply(found, "p", found.record.policy);
  } else {
    co_await apply_np(resolver, domain, found);
  }
  co_return found;
}

// RFC 7489 6.6.3: the From domain, then its organisational domain, and what is wrong at one ends it.
base::Task<DmarcPolicyFound> find_by_list(net::Resolver& resolver, const PublicSuffixes& suffixes,
                                          std::string domain) {
  DmarcPolicyFound found;
  found.organizational_domain = suffixes.organizational_domain(domain);
  auto at = co_await dmarc_at(resolver, domain, DmarcMethod::public_suffix_list);
  found.expires = at.expires;
  if (at.state == DmarcAtName::State::none && found.organizational_domain != domain) {
    at = co_await dmarc_at(resolver, found.organizational_domain, DmarcMethod::public_suffix_list);
    found.expires = std::min(found.expires, at.expires);
  }
  take(found, at);
  if (found.state != State::found) co_return found;
  if (at.name == domain) {
    apply(found, "p", found.record.policy);
  } else {
    apply_to_subdomain(found);
  }
  co_return found;
}

}  // namespace

base::Task<DmarcPolicyFound> find_dmarc(net::Resolver& resolver, const PublicSuffixes& suffixes,
                                        std::string from_domain, DmarcMethod method) {
  auto domain = normal_domain(from_domain);
  DmarcPolicyFound found;
  if (method == DmarcMethod::tree_walk) {
    found = co_await find_by_tree_walk(resolver, std::move(domain));
  } else {
    found = co_await find_by_list(resolver, suffixes, std::move(domain));
  }
  if (found.expires == base::SteadyTime::max()) found.expires = {};  // it rests on no answer
  if (found.state == State::none) found.domain.clear();
  co_return found;
}

}  // namespace postern::policy
