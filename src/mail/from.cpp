#include "postern/mail/from.hpp"

#include "postern/mail/address.hpp"

namespace postern::mail {

std::string from_address(const HeaderBlock& header) {
  const auto* from = header.find("From");
  if (from == nullptr) return {};
  const auto addresses = parse_address_list(from->body());
  if (!addresses) return {};
  // An unquoted "Acme, Inc. <a@b>" reads as two addresses, the first without a domain.
  for (const auto& one : *addresses) {
    if (!domain_of(one.address).empty()) return one.address;
  }
  return {};
}

std::string from_address_of(std::string_view header) {
  const auto parsed = HeaderBlock::parse(header, header.size());
  return parsed ? from_address(*parsed) : std::string();
}

}  // namespace postern::mail
