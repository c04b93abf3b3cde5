// The generations of `listed`: rows and the counts kept beside them. Books writer only, inside a transaction
// of the caller, so that rows and counts are changed together or not at all.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "suppression/prefilter.hpp"
#include "suppression/schema.hpp"

namespace postern::suppression {

struct Generation {
  std::int64_t number = 0;
  std::int64_t keys = 0;    // addresses
  std::int64_t shared = 0;  // of them with an own entry too
};

class Generations {
 public:
  Generations(SQLite::Database& database, Prefilter& prefilter);

  Generation create();
  Generation load(std::int64_t number);
  void save(const Generation& generation);
  std::vector<Generation> live();       // the current one and that of a full pass
  std::optional<std::int64_t> stale();  // one that nothing refers to

  // The only way into a generation that look-ups see or will: the prefilter gets the key. An older row does
  // not take the place of a newer one.
  void put(Generation& generation, const ListedRow& row);
  bool erase(Generation& generation, const std::string& key);
  bool has(const Generation& generation, const std::string& key);
  bool own_has(const std::string& key);

  // Runs have no counts.
  void append(std::int64_t run, const ListedRow& row);
  std::vector<ListedRow> rows_after(std::int64_t run, const ListedRow& last, std::size_t limit);
  // Leaves the counts alone, which go with the last row.
  bool erase_some(std::int64_t number, std::size_t rows);  // true: there are more

 private:
  SQLite::Statement put_, erase_, has_, own_has_, save_, rows_after_;
  SQLite::Database& database_;
  Prefilter& prefilter_;
};

// Binds in order. Texts are not copied and have to outlive the last step: a temporary one does not compile.
template <class... Values>
void bind_all(SQLite::Statement& statement, Values&&... values) {
  static_assert(((!std::is_same_v<Values, std::string>)&&...));
  [[maybe_unused]] int at = 0;
  // Copied: a value may be a temporary of the call, and the statement runs after it.
  [[maybe_unused]] const auto one = [&](const auto& value) { statement.bind(++at, value); };
  (one(values), ...);
}

}  // namespace postern::suppression
