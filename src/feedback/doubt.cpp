#include "feedback/doubt.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::feedback {

namespace {

constexpr std::uint64_t few = 100;  // of which half is soon deleted by hand

}  // namespace

std::optional<std::string> doubt_of(const suppression::SyncState& before, const suppression::Pass& pass) {
  if (pass.entries == 0 && before.entries > 0)
    return fmt::format("SES lists no addresses, {} before", before.entries);
  if (pass.empty > 0) return fmt::format("{} pages without addresses before the last one", pass.empty);
  // Another region, account or choice of reasons has another length.
  const bool same_list = before.scope == pass.scope;
  if (same_list && before.entries > few && pass.entries < before.entries / 2)
    return fmt::format("SES lists {} addresses, {} before", pass.entries, before.entries);
  return std::nullopt;
}

bool confirms(const suppression::SyncState& before, const suppression::Pass& pass) {
  if (!before.doubt || before.doubt->scope != pass.scope) return false;
  const auto doubted = before.doubt->entries;
  const auto apart = std::max(doubted, pass.entries) - std::min(doubted, pass.entries);
  return (doubted == 0) == (pass.entries == 0) && apart <= std::max<std::uint64_t>(10, doubted / 10);
}

}  // namespace postern::feedback
