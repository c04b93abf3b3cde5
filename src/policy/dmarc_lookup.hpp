// What stands at _dmarc.<name>, and the walk up the tree of RFC 9989 4.10. For find_dmarc and
// organizational_domain; what to make of it is decided there. Loop thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"
#include "postern/policy/dmarc.hpp"

namespace postern::policy {

struct DmarcAtName {
  enum class State { none, valid, several, invalid, failed };
  State state = State::none;
  std::string name;  // without _dmarc
  DmarcRecord record;
  std::string problem;  // of invalid, several and failed
  base::SteadyTime expires = base::SteadyTime::max();
};
base::Task<DmarcAtName> dmarc_at(net::Resolver& resolver, std::string name, DmarcMethod method);

// Names to ask, in order: the domain, then its parents from at most seven labels up.
std::vector<std::string> tree_walk_names(std::string_view domain);

struct TreeWalk {
  std::vector<DmarcAtName> steps;  // in order; never empty
  bool failed = false;             // the last one did: the walk ended there
  base::SteadyTime expires = base::SteadyTime::max();

  const DmarcAtName& start() const { return steps.front(); }
  const DmarcAtName* valid_at(std::string_view name) const;
  const DmarcAtName* public_suffix() const;  // psd=y above the start
  const DmarcAtName* first(DmarcAtName::State state) const;
};
base::Task<TreeWalk> walk_tree(net::Resolver& resolver, std::string domain);

// RFC 9989 4.10.2; nullopt when the walk failed before it could tell.
std::optional<std::string> organizational_domain_of(const TreeWalk& walk);

}  // namespace postern::policy
