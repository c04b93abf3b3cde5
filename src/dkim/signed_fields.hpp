// Chooses the header fields that the signature covers: those that a receiver shows or acts on and that SES
// leaves as they are. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/mail/header_block.hpp"

namespace postern::dkim {

// Whole fields without their final CRLF, in the order of the header; they point into `header`.
// Errc::invalid when there is no From that can be signed, or more fields than h= can name.
base::Result<std::vector<std::string_view>> signed_fields(const mail::HeaderBlock& header);

}  // namespace postern::dkim
