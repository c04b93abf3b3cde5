// The words of Outcome::reason that code looks at; the others only go to log, ledger and metrics.
#pragma once

#include <string_view>

namespace postern::delivery::reason {

inline constexpr std::string_view throttled = "throttled";
inline constexpr std::string_view quota = "quota";
inline constexpr std::string_view too_many_connections = "too-many-connections";
inline constexpr std::string_view not_verified = "not-verified";
inline constexpr std::string_view no_dkim_key = "no-dkim-key";
inline constexpr std::string_view dkim_failed = "dkim-failed";

}  // namespace postern::delivery::reason
