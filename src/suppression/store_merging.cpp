// The part of Store that merges the runs of a pass and clears away what nothing refers to.
#include <algorithm>

#include "suppression/pass_sql.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {

namespace {

constexpr int free_pages_kept = 1000;  // 4 MB are not worth moving pages for

// At that many runs of a level they become one of the next: a million entries are written three times, ten
// million four times.
constexpr std::size_t most_runs = 32;

}  // namespace

base::Result<std::vector<std::int64_t>> Store::crowded_runs(PassKind kind) try {
  auto found = runs_of(kind,
                       "AND level = (SELECT level FROM run WHERE kind = ?1 GROUP BY level "
                       "ORDER BY count(*) DESC LIMIT 1)");
  if (found.size() < most_runs) found.clear();
  return found;
} catch (const SQLite::Exception& e) {
  return read_failed(e);
}

base::Result<bool> Store::merge_runs(Merge& merge, std::int64_t& into,
                                     const std::vector<std::int64_t>& from) try {
  const Relaxed relaxed(connection());
  SQLite::Transaction transaction(connection());
  if (into == 0) into = generations_.create().number;
  const auto limit = slice_.size();
  const auto rows = merge.next(generations_, limit);
  for (const auto& row : rows) generations_.append(into, row);
  const bool more = rows.size() == limit;
  if (!more) {
    run(connection(),
        "INSERT INTO run(number, kind, level) SELECT ?, kind, level + 1 FROM run WHERE number = ?", into,
        from.front());
    for (const auto source : from) run(connection(), "DELETE FROM run WHERE number = ?", source);
  }
  transaction.commit();
  return more;
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

base::Result<std::vector<std::int64_t>> Store::begin_finish(PassKind kind) try {
  const auto open = ended_pass(kind);
  if (open.has_error()) return open.error();
  run(connection(), "UPDATE pass SET merging = 1 WHERE kind = ?", std::string(to_string(kind)));
  return runs_of(kind, "");
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

// Done again after a crash it comes to the same. Changes go into the generation of a running full pass too:
// its pages may be older.
base::Result<bool> Store::merge_some(PassKind kind, Merge& merge, base::WallTime now) try {
  const bool full = kind == PassKind::full;
  std::optional<Relaxed> relaxed;
  if (full) relaxed.emplace(connection());
  SQLite::Transaction transaction(connection());
  const auto open = ended_pass(kind);
  if (open.has_error()) return open.error();
  auto targets = full ? std::vector<Generation>{open->generation} : generations_.live();
  const auto limit = slice_.size();
  const auto rows = merge.next(generations_, limit);
  for (const auto& row : rows) {
    if (removed_since(row, kind, open->pass.started)) continue;
    for (auto& generation : targets) generations_.put(generation, row);
  }
  for (const auto& generation : targets) generations_.save(generation);
  const bool more = rows.size() == limit;
  if (!more && !full) {
    run(connection(), "UPDATE state SET last_good = ?, changes_from = ?", number(now),
        number(open->pass.started));
    drop_pass(connection(), "changes");
  }
  commit(transaction);
  return more;
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

base::Result<bool> Store::erase_stale() try {
  const Relaxed relaxed(connection());
  SQLite::Transaction transaction(connection());
  const auto stale = generations_.stale();
  if (!stale) return false;
  generations_.erase_some(*stale, slice_.size());
  transaction.commit();
  return true;
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

base::Result<bool> Store::sweep_some() try {
  auto erased = erase_stale();
  if (erased.has_error() || *erased) return erased;
  return shrink();
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

// Moving a page costs about two rows. The next full pass needs twice as much again as the list has: so much
// of the file may stay free.
bool Store::shrink() {
  return database_->shrink(std::max(free_pages_kept, database_->pages() / 4 * 3),
                           static_cast<int>(slice_.size() / 2));
}

}  // namespace postern::suppression
