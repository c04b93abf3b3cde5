// A DMARC record as receivers of one RFC or the other read it. parse_dmarc reads as RFC 9989 does.
#pragma once

#include <string_view>

#include "postern/base/result.hpp"
#include "postern/policy/dmarc.hpp"

namespace postern::policy {

// To a receiver of RFC 7489 (public_suffix_list) np, t and psd are unknown tags.
base::Result<DmarcRecord> parse_dmarc_as(std::string_view text, DmarcMethod method);

}  // namespace postern::policy
