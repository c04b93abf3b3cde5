#include "feedback/doubt.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::feedback {

namespace {

// What people delete by hand between two passes; a pass that ended short loses more.
constexpr std::uint64_t few = 10;
constexpr std::uint64_t part = 5;  // a fifth of the list

}  // namespace

std::optional<std::string> doubt_of(const suppression::SyncState& before, const suppression::Pass& pass) {
  if (pass.entries == 0 && before.entries > 0)
    return fmt::format("SES lists no addresses, {} before", before.entries);
  if (pass.empty > 0) return fmt::format("{} pages without addresses before the last one", pass.empty);
  // Another region, account or choice of reasons has another length.
  const bool same_list = before.scope == pass.scope;
  const auto lost = before.entries - std::min(before.entries, pass.entries);
  if (same_list && lost > few && lost > before.entries / part)
    return fmt::format("SES lists {} addresses, {} before", pass.entries, before.entries);
  return std::nullopt;
}

}  // namespace postern::feedback
