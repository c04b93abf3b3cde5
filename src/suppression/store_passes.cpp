// The part of Store that passes over SES's list use: their state, their pages, the end of a full one.
#include "suppression/pass_sql.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {

namespace {

// SES may list an entry for a moment after it was removed there.
constexpr base::Duration settling = std::chrono::minutes(1);

std::optional<base::WallTime> optional_time(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return time_of(column);
}

base::Error no_pass(PassKind kind) {
  return base::fail(base::Errc::not_found, "no " + std::string(to_string(kind)) + " pass was begun");
}

}  // namespace

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
  return write_failed(e);
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
  return write_failed(e);
}

std::vector<std::int64_t> Store::runs_of(PassKind kind, const char* which) {
  SQLite::Statement read(connection(), std::string("SELECT number FROM run WHERE kind = ?1 ") + which);
  const std::string name(to_string(kind));
  bind_all(read, name);
  std::vector<std::int64_t> found;
  while (read.executeStep()) found.push_back(read.getColumn(0).getInt64());
  return found;
}

// Half a list never takes effect, whoever asks.
base::Result<Store::OpenPass> Store::ended_pass(PassKind kind) {
  auto open = read_pass(connection(), kind);
  if (!open) return no_pass(kind);
  if (open->pass.pages == 0 || !open->pass.next_token.empty())
    return base::fail(base::Errc::invalid, "the pass has not come to its end");
  return *open;
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
  commit(transaction);
  return {};
} catch (const SQLite::Exception& e) {
  return write_failed(e);
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
  return write_failed(e);
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
  return read_failed(e);
}

base::Result<void> Store::put_listed(const ListedRow& row) try {
  SQLite::Transaction transaction(connection());
  for (auto& generation : generations_.live()) {
    generations_.put(generation, row);
    generations_.save(generation);
  }
  run(connection(), "DELETE FROM removed WHERE key = ?", row.key);
  commit(transaction);
  return {};
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

}  // namespace postern::suppression
