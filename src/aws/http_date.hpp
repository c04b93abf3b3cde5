// The Date of an answer (RFC 9110 section 5.6.7). Pure. Private to the module.
#pragma once

#include <optional>
#include <string_view>

#include "postern/base/clock.hpp"

namespace postern::aws {

std::optional<base::WallTime> parse_http_date(std::string_view text);  // Sun, 06 Nov 1994 08:49:37 GMT

}  // namespace postern::aws
