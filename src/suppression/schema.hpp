// What suppression.db looks like: the migrations, and how a row of `listed` is written small.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/suppression/list.hpp"
#include "postern/suppression/sync_target.hpp"

namespace postern::suppression {

std::vector<const char*> migrations();

std::string_view to_string(PassKind kind);  // in pass.kind

// A row of `listed` without its generation.
struct ListedRow {
  std::string key;
  std::string spelling;  // empty: the same as the key, as most are
  std::string reason;    // B, C, or the word
  std::int64_t since = 0;
};

// nullopt: no recipient of a mail can have this address (spaces, no domain, 8 bit), so nothing can match it.
std::optional<ListedRow> row_of(const Listed& listed);
Listed listed_of(const ListedRow& row);
Entry entry_of(const ListedRow& row);

}  // namespace postern::suppression
