// Who a message says it is from (RFC 5322 3.6.2): what DKIM keys, alignment and sender rules go by. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/mail/header_block.hpp"

namespace postern::mail {

// The addresses of the From field that have a domain, as they are written there. Empty: there is none that
// can be read.
std::vector<std::string> from_addresses(const HeaderBlock& header);

// The same out of the bytes of a header section that has been accepted before.
std::vector<std::string> from_addresses_of(std::string_view header);

// The body of a From that no receiver can read, but which ends in the one address in brackets that is meant
// (`"Acme <a@b>`, `Mail From:<a@b>`), with the name before it quoted as it should be. nullopt: it can be
// read, or what is meant is anybody's guess.
std::optional<std::string> mended_from(std::string_view body);

}  // namespace postern::mail
