#include <optional>

#include "dmarc_names.hpp"
#include "postern/mail/address.hpp"
#include "postern/policy/dmarc.hpp"

namespace postern::policy {

namespace {

// A From that is no list of addresses ("Mail From:<a@b>"): receivers take the one address in brackets. With a
// quote in it nothing is certain.
std::string bracketed_domain(std::string_view body) {
  const auto open = body.find('<');
  const auto close = body.find('>');
  const bool one = open != std::string_view::npos && close != std::string_view::npos && open < close &&
                   body.find('<', open + 1) == std::string_view::npos &&
                   body.find('>', close + 1) == std::string_view::npos;
  if (!one || body.find('"') != std::string_view::npos) return {};
  const auto address = mail::parse_mailbox(body.substr(open + 1, close - open - 1));
  return address ? normal_domain(mail::domain_of(*address)) : std::string();
}

}  // namespace

std::string author_domain(std::string_view from_body) {
  const auto addresses = mail::parse_address_list(from_body);
  if (!addresses) return bracketed_domain(from_body);
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
