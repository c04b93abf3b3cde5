// The part of Store that passes over SES's list use.
#include "suppression/store.hpp"

namespace postern::suppression {

namespace {

// SES may list an entry for a moment after it was removed there.
constexpr base::Duration settling = std::chrono::minutes(1);

constexpr int free_pages_kept = 1000;  // 4 MB are not worth moving pages for

// At that many runs of a level they become one of the next: a million entries are written three times, ten
// million four times.
constexpr std::size_t most_runs = 32;

std::int64_t number(base::WallTime time) {
  return time.time_since_epoch().count();
}

base::WallTime time_of(const SQLite::Column& column) {
  return base::WallTime(std::chrono::milliseconds(column.getInt64()));
}

std::optional<base::WallTime> optional_time(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return time_of(column);
}

template <class... Values>
void run(SQLite::Database& connection, const char* sql, const Values&... values) {
  SQLite::Statement statement(connection, sql);
  bind_all(statement, values...);
  statement.exec();
}

void drop_pass(SQLite::Database& connection, const std::string& kind) {
  run(connection, "DELETE FROM pass WHERE kind = ?", kind);
  run(connection, "DELETE FROM run WHERE kind = ?", kind);
}

base::Error no_pass(PassKind kind) {
  return base::fail(base::Errc::not_found, "no " + std::string(to_string(kind)) + " pass was begun");
}

}  // namespace

// What can be fetched again needs no sync of its own: it takes part in that of the next checkpoint or of the
// next commit that somebody waits for, and a loss of power loses its last slices whole.
class Store::Relaxed {
 public:
  explicit Relaxed(SQLite::Database& connection) : connection_(connection) {
    connection_.exec("PRAGMA synchronous = NORMAL");
  }
  ~Relaxed() { connection_.tryExec("PRAGMA synchronous = FULL"); }
  Relaxed(const Relaxed&) = delete;
  Relaxed& operator=(const Relaxed&) = delete;

 private:
  SQLite::Database& connection_;
};

std::optional<Store::OpenPass> Store::read_pass(SQLite::Database& connection, PassKind kind) {
  SQLite::Statement read(connection,
                         "SELECT scope, started, token, touched, pages, entries, skipped, empty, merging, "
                         "generation, keys, shared FROM pass LEFT JOIN generation ON generation = number "
                         "WHERE kind = ?");
  const std::string name(to_string(kind));
  bind_all(read, name);
  if (!read.executeStep()) return std::nullopt;
  const auto count = [&read](int column) {
    return static_cast<std::uint64_t>(read.getColumn(column).getInt64());
  };
  OpenPass open;
  open.pass.scope = read.getColumn(0).getString();
  open.pass.started = time_of(read.getColumn(1));
  open.pass.next_token = read.getColumn(2).getString();
  open.pass.touched = time_of(read.getColumn(3));
  open.pass.pages = count(4);
  open.pass.entries = count(5);
  open.pass.skipped = count(6);
  open.pass.empty = count(7);
  open.merging = count(8) != 0;
  open.generation = {read.getColumn(9).getInt64(), read.getColumn(10).getInt64(),
                     read.getColumn(11).getInt64()};
  return open;
}

// Only a full pass has a generation; that of changes goes into the one in force.
base::Result<void> Store::begin(PassKind kind, const std::string& scope, base::WallTime started) try {
  SQLite::Transaction transaction(connection());
  const std::string name(to_string(kind));
  drop_pass(connection(), name);
  const std::int64_t generation = kind == PassKind::full ? generations_.create().number : -1;
  run(connection(), "INSERT INTO pass(kind, generation, scope, started) VALUES (?, ?, ?, ?)", name,
      generation, scope, number(started));
  transaction.commit();
  return {};
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

// A pass that began before the removal, or just after it, may still bring the entry; one of changes asks for
// older times than its own start.
bool Store::removed_since(const ListedRow& row, PassKind kind, base::WallTime started) {
  const base::StatementReset looking(removed_);
  bind_all(removed_, row.key);
  if (!removed_.executeStep()) return false;
  const auto at = time_of(removed_.getColumn(0));
  if (number(at) < row.since) return false;
  return kind == PassKind::changes || at + settling >= started;
}

base::Result<Pass> Store::add(PassKind kind, std::int64_t& number_of_run, std::span<const ListedRow> rows,
                              const PageEnd* end) try {
  const Relaxed relaxed(connection());
  SQLite::Transaction transaction(connection());
  if (!read_pass(connection(), kind)) return no_pass(kind);
  if (number_of_run == 0) number_of_run = generations_.create().number;
  for (const auto& row : rows) generations_.append(number_of_run, row);
  if (end != nullptr) {
    const std::string name(to_string(kind));
    run(connection(),
        "UPDATE pass SET token = ?2, touched = ?3, pages = pages + 1, entries = entries + ?4, "
        "skipped = skipped + ?5, empty = empty + ?6 WHERE kind = ?1",
        name, end->next_token, number(end->when), static_cast<std::int64_t>(end->entries),
        static_cast<std::int64_t>(end->skipped), end->empty ? 1 : 0);
    run(connection(), "INSERT INTO run(number, kind, level) VALUES (?, ?, 0)", number_of_run, name);
  }
  const auto open = read_pass(connection(), kind);
  transaction.commit();
  return open->pass;
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

std::vector<std::int64_t> Store::runs_of(PassKind kind, const char* which) {
  SQLite::Statement read(connection(), std::string("SELECT number FROM run WHERE kind = ?1 ") + which);
  const std::string name(to_string(kind));
  bind_all(read, name);
  std::vector<std::int64_t> found;
  while (read.executeStep()) found.push_back(read.getColumn(0).getInt64());
  return found;
}

base::Result<std::vector<std::int64_t>> Store::crowded_runs(PassKind kind) try {
  auto found = runs_of(kind,
                       "AND level = (SELECT level FROM run WHERE kind = ?1 GROUP BY level "
                       "ORDER BY count(*) DESC LIMIT 1)");
  if (found.size() < most_runs) found.clear();
  return found;
} catch (const SQLite::Exception& e) {
  return failed("read", e);
}

base::Result<bool> Store::merge_runs(Merge& merge, std::int64_t& into,
                                     const std::vector<std::int64_t>& from) try {
  const Relaxed relaxed(connection());
  SQLite::Transaction transaction(connection());
  if (into == 0) into = generations_.create().number;
  const auto limit = slice_.rows();
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
  return failed("write", e);
}

// Half a list never takes effect, whoever asks.
base::Result<Store::OpenPass> Store::ended_pass(PassKind kind) {
  auto open = read_pass(connection(), kind);
  if (!open) return no_pass(kind);
  if (open->pass.pages == 0 || !open->pass.next_token.empty())
    return base::fail(base::Errc::invalid, "the pass has not come to its end");
  return *open;
}

base::Result<std::vector<std::int64_t>> Store::begin_finish(PassKind kind) try {
  const auto open = ended_pass(kind);
  if (open.has_error()) return open.error();
  run(connection(), "UPDATE pass SET merging = 1 WHERE kind = ?", std::string(to_string(kind)));
  return runs_of(kind, "");
} catch (const SQLite::Exception& e) {
  return failed("write", e);
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
  const auto limit = slice_.rows();
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
  transaction.commit();
  publish_size();
  return more;
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

base::Result<void> Store::switch_over(base::WallTime now) try {
  SQLite::Transaction transaction(connection());
  const auto open = ended_pass(PassKind::full);
  if (open.has_error()) return open.error();
  const auto started = number(open->pass.started);
  // Changes that were looked at since this pass began need not be asked for again, if of the same list.
  run(connection(),
      "UPDATE state SET current = ?1, last_good = ?2, last_full = ?2, doubt = NULL, doubt_entries = 0, "
      "changes_from = iif(scope = ?3, max(coalesce(changes_from, ?4), ?4), ?4), scope = ?3",
      open->generation.number, number(now), open->pass.scope, started);
  drop_pass(connection(), "full");
  run(connection(), "DELETE FROM removed WHERE at + ? < ?", std::int64_t{settling.count()}, started);
  transaction.commit();
  publish_size();
  return {};
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

base::Result<void> Store::abandon(PassKind kind, const std::optional<Doubt>& doubt) try {
  SQLite::Transaction transaction(connection());
  drop_pass(connection(), std::string(to_string(kind)));
  if (doubt)
    run(connection(), "UPDATE state SET doubt = ?, doubt_scope = ?, doubt_entries = ?", doubt->why,
        doubt->scope, static_cast<std::int64_t>(doubt->entries));
  transaction.commit();
  return {};
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

base::Result<bool> Store::erase_stale() try {
  const Relaxed relaxed(connection());
  SQLite::Transaction transaction(connection());
  const auto stale = generations_.stale();
  if (!stale) return false;
  generations_.erase_some(*stale, slice_.rows());
  transaction.commit();
  return true;
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

base::Result<bool> Store::sweep_some() try {
  auto erased = erase_stale();
  if (erased.has_error() || *erased) return erased;
  return shrink();
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

// The next full pass needs twice as much again as the list has: so much of the file may stay free.
bool Store::shrink() {
  const int pages = connection().execAndGet("PRAGMA page_count").getInt();
  const int unused = connection().execAndGet("PRAGMA freelist_count").getInt();
  if (unused <= free_pages_kept || unused <= pages / 4 * 3) return false;
  connection().exec("PRAGMA incremental_vacuum(100)");
  return true;
}

base::Result<SyncState> Store::state() try {
  return readers_.with([this](Reader& reader) {
    SQLite::Transaction transaction(*reader.connection);
    SQLite::Statement read(
        *reader.connection,
        "SELECT scope, keys, last_good, last_full, changes_from, doubt, doubt_scope, doubt_entries FROM "
        "state LEFT JOIN generation ON number = current");
    read.executeStep();
    SyncState state;
    state.scope = read.getColumn(0).getString();
    state.entries = static_cast<std::uint64_t>(read.getColumn(1).getInt64());
    state.last_good = optional_time(read.getColumn(2));
    state.last_full = optional_time(read.getColumn(3));
    state.changes_from = optional_time(read.getColumn(4));
    if (!read.getColumn(5).isNull())
      state.doubt = Doubt{read.getColumn(5).getString(), read.getColumn(6).getString(),
                          static_cast<std::uint64_t>(read.getColumn(7).getInt64())};
    if (const auto open = read_pass(*reader.connection, PassKind::full)) state.full = open->pass;
    const auto changes = read_pass(*reader.connection, PassKind::changes);
    state.merging = changes && changes->merging;
    return state;
  });
} catch (const SQLite::Exception& e) {
  return failed("read", e);
}

base::Result<void> Store::put_listed(const ListedRow& row) try {
  SQLite::Transaction transaction(connection());
  for (auto& generation : generations_.live()) {
    generations_.put(generation, row);
    generations_.save(generation);
  }
  run(connection(), "DELETE FROM removed WHERE key = ?", row.key);
  transaction.commit();
  publish_size();
  return {};
} catch (const SQLite::Exception& e) {
  return failed("write", e);
}

}  // namespace postern::suppression
