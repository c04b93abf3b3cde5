#include "ses_id.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace postern::sandbox {
namespace {

// The markers that are known from public ids.
constexpr std::array<std::pair<std::string_view, unsigned>, 5> markers{{
    {"us-east-1", 0x0100},
    {"us-west-2", 0x0101},
    {"eu-west-1", 0x0102},
    {"ap-northeast-1", 0x0106},
    {"eu-central-1", 0x0107},
}};
constexpr unsigned unknown_region = 0x01ff;

unsigned marker_of(std::string_view region) {
  for (const auto& [name, marker] : markers)
    if (name == region) return marker;
  return unknown_region;
}

}  // namespace

std::string make_ses_id(std::string_view region, base::WallTime now, base::Random& random) {
  const auto a = random.next(), b = random.next();
  return fmt::format("{:04x}{:012x}-{:08x}-{:04x}-{:04x}-{:04x}-{:012x}-000000", marker_of(region),
                     now.time_since_epoch().count(), a >> 32, a >> 16 & 0xffff, a & 0xffff, b >> 48,
                     b & 0xffffffffffff);
}

std::string message_id_of(std::string_view ses_id, std::string_view region) {
  const auto host = region == "us-east-1" ? std::string_view("email") : region;
  return fmt::format("<{}@{}.amazonses.com>", ses_id, host);
}

}  // namespace postern::sandbox
