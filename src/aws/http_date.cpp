#include "aws/http_date.hpp"

#include <fmt/format.h>

#include <array>

namespace postern::aws {

std::optional<base::WallTime> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::size_t size = 29;
  if (text.size() != size || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return std::nullopt;
  for (std::size_t month = 0; month < months.size(); ++month) {
    if (text.substr(8, 3) != months[month]) continue;
    const auto when = base::from_rfc3339(
        fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month + 1, text.substr(5, 2), text.substr(17, 8)));
    if (when) return *when;
  }
  return std::nullopt;
}

}  // namespace postern::aws
