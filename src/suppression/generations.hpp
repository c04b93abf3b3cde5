// The generations of `listed`: rows and the counts kept beside them. Books writer only, inside a transaction
// of the caller, so that rows and counts are changed together or not at all.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <vector>

#include "suppression/schema.hpp"

namespace postern::suppression {

struct Generation {
  std::int64_t number = 0;
  std::int64_t keys = 0;    // addresses
  std::int64_t shared = 0;  // of them with an own entry too
};

class Generations {
 public:
  explicit Generations(SQLite::Database& database);

  Generation create();
  Generation load(std::int64_t number);
  void save(const Generation& generation);
  std::vector<Generation> live();  // the current one and those of passes
  std::vector<std::int64_t> stale(std::size_t limit);

  // An older row does not take the place of a newer one.
  void put(Generation& generation, const ListedRow& row);
  bool erase(Generation& generation, const std::string& key);
  bool has(const Generation& generation, const std::string& key);
  bool own_has(const std::string& key);
  std::vector<ListedRow> first_rows(const Generation& generation, std::size_t limit);
  // These are for generations on their way out and leave the counts alone.
  void erase_rows(std::int64_t number, const std::vector<ListedRow>& rows);
  bool erase_some(std::int64_t number, std::size_t rows);  // true: there are more

 private:
  SQLite::Statement put_, erase_, has_, own_has_, save_;
  SQLite::Database& database_;
};

// Binds in order; texts are not copied, so they have to outlive the step.
template <class... Values>
void bind_all(SQLite::Statement& statement, const Values&... values) {
  [[maybe_unused]] int at = 0;
  // Copied: a value may be a temporary of the call, and the statement runs after it.
  [[maybe_unused]] const auto one = [&](const auto& value) { statement.bind(++at, value); };
  (one(values), ...);
}

}  // namespace postern::suppression
