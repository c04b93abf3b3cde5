// Who a message says it is from (RFC 5322 3.6.2): what DKIM keys, alignment and sender rules go by. Pure.
#pragma once

#include <string>
#include <string_view>

#include "postern/mail/header_block.hpp"

namespace postern::mail {

// The first address of the From field; empty when there is none that can be read.
std::string from_address(const HeaderBlock& header);

// The same out of the bytes of a header section that has been accepted before.
std::string from_address_of(std::string_view header);

}  // namespace postern::mail
