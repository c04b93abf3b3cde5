// Suppression as the account has it: the list, the journal beside it, the reasons that count for the account,
// and the configuration sets that override those. Shared by sessions and API. Loop thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "options.hpp"
#include "postern/base/result.hpp"
#include "suppression_file.hpp"
#include "suppression_list.hpp"

namespace postern::sandbox {

class Suppression {
 public:
  // --suppressed-count, then --suppressed, then DATA/suppressed.jsonl. Blocking.
  static base::Result<Suppression> open(const Options& options, base::WallTime now);

  const SuppressionList& list() const { return list_; }
  base::Result<void> put(Suppressed entry);
  base::Result<bool> erase(const std::string& address);  // false: it was not there

  // What a message that names this configuration set (empty: none) is suppressed for.
  Reasons effective_reasons(std::string_view configuration_set) const;

  Reasons account_reasons;
  // nullopt: the set says nothing, so that the account's reasons hold.
  std::map<std::string, std::optional<Reasons>, std::less<>> configuration_sets;

 private:
  explicit Suppression(SuppressionJournal journal) : journal_(std::move(journal)) {}
  SuppressionList list_;
  SuppressionJournal journal_;
};

}  // namespace postern::sandbox
