#include "dmarc_names.hpp"
#include "postern/mail/address.hpp"
#include "postern/policy/dmarc.hpp"

namespace postern::policy {

std::string author_domain(std::string_view from_body) {
  const auto addresses = mail::parse_address_list(from_body);
  if (!addresses) return {};
  std::string domain;
  for (const auto& one : *addresses) {
    // An unquoted "Acme, Inc. <a@b>" reads as two addresses, the first without a domain.
    const auto its = normal_domain(mail::domain_of(one.address));
    if (its.empty() || its == domain) continue;
    if (!domain.empty()) return {};
    domain = its;
  }
  return domain;
}

}  // namespace postern::policy
