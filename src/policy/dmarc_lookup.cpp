#include "dmarc_lookup.hpp"

#include <algorithm>

#include "dmarc_names.hpp"
#include "dmarc_record.hpp"

namespace postern::policy {

namespace {

using State = DmarcAtName::State;

constexpr std::size_t max_labels_above = 7;  // with the domain itself eight look-ups at most

bool ends_the_walk(const DmarcAtName& at) {
  return at.state == State::failed || (at.state == State::valid && at.record.public_suffix != 'u');
}

// Texts of other kinds at the name don't count; of two DMARC records neither does (RFC 7489 6.6.3, RFC 9989
// 4.10).
void read_texts(const std::vector<std::string>& texts, DmarcMethod method, DmarcAtName& at) {
  for (const auto& text : texts) {
    auto record = parse_dmarc_as(text, method);
    if (!record && record.error().code == base::Errc::not_found) continue;
    if (at.state != State::none) {
      at.state = State::several;
      at.problem = "several DMARC records at _dmarc." + at.name;
      return;
    }
    at.state = record ? State::valid : State::invalid;
    if (record) at.record = std::move(*record);
    if (!record) at.problem = "the DMARC record at _dmarc." + at.name + ": " + record.error().message;
  }
}

}  // namespace

base::Task<DmarcAtName> dmarc_at(net::Resolver& resolver, std::string name, DmarcMethod method) {
  DmarcAtName at;
  at.name = std::move(name);
  const auto answer = co_await resolver.query("_dmarc." + at.name, net::DnsType::txt);
  if (answer) {
    at.expires = (*answer)->expires;
    read_texts((*answer)->texts, method, at);
  } else if (answer.error().code != base::Errc::invalid) {  // what is no name has no record
    at.state = State::failed;
    at.problem = "_dmarc." + at.name + ": " + answer.error().message;
  }
  co_return at;
}

std::vector<std::string> tree_walk_names(std::string_view domain) {
  std::vector<std::string> names{std::string(domain)};
  auto rest = last_labels(parent_domain(domain), max_labels_above);
  for (; !rest.empty(); rest = parent_domain(rest)) names.emplace_back(rest);
  return names;
}

const DmarcAtName* TreeWalk::valid_at(std::string_view name) const {
  const auto found = std::find_if(steps.begin(), steps.end(), [name](const DmarcAtName& at) {
    return at.state == State::valid && at.name == name;
  });
  return found == steps.end() ? nullptr : &*found;
}

const DmarcAtName* TreeWalk::public_suffix() const {
  const auto& last = steps.back();
  const bool is_one = last.state == State::valid && last.record.public_suffix == 'y';
  return is_one && steps.size() > 1 ? &last : nullptr;
}

const DmarcAtName* TreeWalk::first(DmarcAtName::State state) const {
  const auto found =
      std::find_if(steps.begin(), steps.end(), [state](const DmarcAtName& at) { return at.state == state; });
  return found == steps.end() ? nullptr : &*found;
}

base::Task<TreeWalk> walk_tree(net::Resolver& resolver, std::string domain) {
  TreeWalk walk;
  for (auto& name : tree_walk_names(domain)) {
    auto at = co_await dmarc_at(resolver, std::move(name), DmarcMethod::tree_walk);
    walk.expires = std::min(walk.expires, at.expires);
    walk.failed = at.state == State::failed;
    const bool last = ends_the_walk(at);
    walk.steps.push_back(std::move(at));
    if (last) break;
  }
  co_return walk;
}

std::optional<std::string> organizational_domain_of(const TreeWalk& walk) {
  if (walk.failed) return std::nullopt;
  const auto& domain = walk.start().name;
  if (const auto* suffix = walk.public_suffix())
    return std::string(last_labels(domain, label_count(suffix->name) + 1));
  // psd=n ended the walk, so that its record is the last one too.
  for (auto step = walk.steps.rbegin(); step != walk.steps.rend(); ++step) {
    if (step->state == State::valid) return step->name;
  }
  return domain;
}

}  // namespace postern::policy
