// "24h" on the command line. Pure.
#pragma once

#include <string_view>

#include "postern/base/clock.hpp"

namespace postern::cli {

// A moment that long before `now` (30s, 15m, 24h, 7d), or an RFC 3339 time or date as it stands.
base::Result<base::WallTime> parse_since(std::string_view text, base::WallTime now);

}  // namespace postern::cli
