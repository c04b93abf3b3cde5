#include "cli/duration.hpp"

#include <charconv>
#include <string>

namespace postern::cli {

namespace {

std::chrono::seconds unit_of(std::string_view unit) {
  if (unit == "s") return std::chrono::seconds(1);
  if (unit == "m") return std::chrono::minutes(1);
  if (unit == "h") return std::chrono::hours(1);
  if (unit == "d") return std::chrono::hours(24);
  return std::chrono::seconds(0);
}

}  // namespace

base::Result<base::WallTime> parse_since(std::string_view text, base::WallTime now) {
  constexpr std::int64_t hundred_years = 100LL * 366 * 24 * 3600;
  std::int64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view rest = text.substr(static_cast<std::size_t>(parsed.ptr - text.data()));
  const auto unit = unit_of(rest);
  if (parsed.ec == std::errc() && count >= 0 && unit.count() > 0) {
    if (count > hundred_years / unit.count()) return base::WallTime{};
    return now - count * unit;
  }
  auto when = base::from_rfc3339(text);
  if (when.has_value()) return when;
  return base::fail(base::Errc::invalid,
                    "not a time: " + std::string(text) + " (24h, 7d, or 2026-11-24T10:15:30Z)");
}

}  // namespace postern::cli
