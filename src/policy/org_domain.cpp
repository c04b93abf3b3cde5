#include "dmarc_lookup.hpp"
#include "dmarc_names.hpp"

namespace postern::policy {

base::Task<base::Result<std::string>> organizational_domain(net::Resolver& resolver,
                                                            const PublicSuffixes& suffixes,
                                                            std::string domain, DmarcMethod method) {
  if (method == DmarcMethod::public_suffix_list) co_return suffixes.organizational_domain(domain);
  const auto walk = co_await walk_tree(resolver, normal_domain(domain));
  auto found = organizational_domain_of(walk);
  if (!found) co_return base::fail(base::Errc::unavailable, walk.steps.back().problem);
  co_return std::move(*found);
}

}  // namespace postern::policy
