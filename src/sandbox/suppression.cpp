#include "suppression.hpp"

#include <utility>

namespace postern::sandbox {

base::Result<Suppression> Suppression::open(const Options& options, base::WallTime now) {
  Suppression opened(SuppressionJournal(options.data + "/suppressed.jsonl"));
  for (const auto& name : options.configuration_sets) opened.configuration_sets[name] = std::nullopt;
  opened.list_.generate(options.suppressed_count);
  if (!options.suppressed.empty()) {
    const auto loaded = load_suppressions(options.suppressed, now, opened.list_);
    if (!loaded) return loaded.error();
  }
  const auto played = load_suppressions(opened.journal_.path(), now, opened.list_);
  if (!played && played.error().code != base::Errc::not_found) return played.error();
  return opened;
}

base::Result<void> Suppression::put(Suppressed entry) {
  auto kept = journal_.put(entry);
  if (kept) list_.put(std::move(entry));
  return kept;
}

base::Result<bool> Suppression::erase(const std::string& address) {
  if (list_.find(address) == nullptr) return false;
  const auto kept = journal_.erase(address);
  if (!kept) return kept.error();
  return list_.erase(address);
}

Reasons Suppression::effective_reasons(std::string_view configuration_set) const {
  const auto found = configuration_sets.find(configuration_set);
  if (found == configuration_sets.end()) return account_reasons;
  return found->second.value_or(account_reasons);
}

}  // namespace postern::sandbox
