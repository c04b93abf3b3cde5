#include "suppression/generations.hpp"

#include "postern/base/database.hpp"

namespace postern::suppression {

Generations::Generations(SQLite::Database& database, Prefilter& prefilter)
    : put_(database,
           "INSERT INTO listed(generation, key, spelling, reason, since) VALUES (?, ?, ?, ?, ?) "
           "ON CONFLICT DO UPDATE SET reason = excluded.reason, since = excluded.since "
           "WHERE excluded.since >= since"),
      erase_(database, "DELETE FROM listed WHERE generation = ? AND key = ?"),
      has_(database, "SELECT 1 FROM listed WHERE generation = ? AND key = ? LIMIT 1"),
      own_has_(database, "SELECT 1 FROM own WHERE key = ?"),
      save_(database, "UPDATE generation SET keys = ?2, shared = ?3 WHERE number = ?1"),
      rows_after_(database,
                  "SELECT key, spelling, reason, since FROM listed WHERE generation = ? AND "
                  "(key, spelling) > (?, ?) ORDER BY key, spelling LIMIT ?"),
      database_(database),
      prefilter_(prefilter) {}

// Above all that still have rows: an old row never comes to life again in a new generation.
Generation Generations::create() {
  SQLite::Statement insert(database_,
                           "INSERT INTO generation(number) SELECT max(number) + 1 FROM generation "
                           "RETURNING number");
  insert.executeStep();
  Generation made{insert.getColumn(0).getInt64(), 0, 0};
  insert.executeStep();  // to its end, or the transaction can't commit
  return made;
}

Generation Generations::load(std::int64_t number) {
  SQLite::Statement read(database_, "SELECT keys, shared FROM generation WHERE number = ?");
  read.bind(1, number);
  if (!read.executeStep()) return {number, 0, 0};
  return {number, read.getColumn(0).getInt64(), read.getColumn(1).getInt64()};
}

void Generations::save(const Generation& generation) {
  const base::StatementReset saving(save_);
  bind_all(save_, generation.number, generation.keys, generation.shared);
  save_.exec();
}

std::vector<Generation> Generations::live() {
  SQLite::Statement read(database_,
                         "SELECT number, keys, shared FROM generation WHERE number = (SELECT current FROM "
                         "state) OR number IN (SELECT generation FROM pass)");
  std::vector<Generation> found;
  while (read.executeStep())
    found.push_back(
        {read.getColumn(0).getInt64(), read.getColumn(1).getInt64(), read.getColumn(2).getInt64()});
  return found;
}

std::optional<std::int64_t> Generations::stale() {
  SQLite::Statement read(
      database_,
      "SELECT number FROM generation WHERE number <> (SELECT current FROM state) AND "
      "number NOT IN (SELECT generation FROM pass UNION ALL SELECT number FROM run) LIMIT 1");
  if (!read.executeStep()) return std::nullopt;
  return read.getColumn(0).getInt64();
}

void Generations::put(Generation& generation, const ListedRow& row) {
  prefilter_.add(row.key);
  if (!has(generation, row.key)) {
    ++generation.keys;
    if (own_has(row.key)) ++generation.shared;
  }
  append(generation.number, row);
}

void Generations::append(std::int64_t run, const ListedRow& row) {
  const base::StatementReset putting(put_);
  bind_all(put_, run, row.key, row.spelling, row.reason, row.since);
  put_.exec();
}

bool Generations::erase(Generation& generation, const std::string& key) {
  const base::StatementReset erasing(erase_);
  bind_all(erase_, generation.number, key);
  if (erase_.exec() == 0) return false;
  --generation.keys;
  if (own_has(key)) --generation.shared;
  return true;
}

bool Generations::has(const Generation& generation, const std::string& key) {
  if (generation.keys == 0) return false;
  const base::StatementReset looking(has_);
  bind_all(has_, generation.number, key);
  return has_.executeStep();
}

bool Generations::own_has(const std::string& key) {
  const base::StatementReset looking(own_has_);
  bind_all(own_has_, key);
  return own_has_.executeStep();
}

std::vector<ListedRow> Generations::rows_after(std::int64_t run, const ListedRow& last, std::size_t limit) {
  const base::StatementReset reading(rows_after_);
  bind_all(rows_after_, run, last.key, last.spelling, static_cast<std::int64_t>(limit));
  std::vector<ListedRow> found;
  while (rows_after_.executeStep())
    found.push_back({rows_after_.getColumn(0).getString(), rows_after_.getColumn(1).getString(),
                     rows_after_.getColumn(2).getString(), rows_after_.getColumn(3).getInt64()});
  return found;
}

bool Generations::erase_some(std::int64_t number, std::size_t rows) {
  SQLite::Statement bound(database_,
                          "SELECT key FROM listed WHERE generation = ? ORDER BY key LIMIT 1 OFFSET ?");
  bind_all(bound, number, static_cast<std::int64_t>(rows));
  if (bound.executeStep()) {
    const std::string key = bound.getColumn(0).getString();
    SQLite::Statement erase(database_, "DELETE FROM listed WHERE generation = ? AND key <= ?");
    bind_all(erase, number, key);
    erase.exec();
    return true;
  }
  for (const char* sql :
       {"DELETE FROM listed WHERE generation = ?", "DELETE FROM generation WHERE number = ?"}) {
    SQLite::Statement erase(database_, sql);
    erase.bind(1, number);
    erase.exec();
  }
  return false;
}

}  // namespace postern::suppression
