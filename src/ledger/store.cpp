#include "ledger/store.hpp"

#include <optional>

#include "postern/base/random.hpp"
#include "postern/mail/address.hpp"

namespace postern::ledger {

namespace {

constexpr int writer_cache_kib = 1024;
constexpr int reader_cache_kib = 256;
constexpr int purge_rows = 500;

// Ids sort by time, so that rows are appended at the end of the key and purged from its front. by_time serves
// `since` and the order of the answer: a message that arrived long ago may have its last attempt now.
constexpr const char* create = R"(
CREATE TABLE attempt(
  id TEXT NOT NULL,
  recipient INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  time INTEGER NOT NULL,
  arrived INTEGER NOT NULL,
  from_address TEXT NOT NULL,
  to_address TEXT NOT NULL,
  stream TEXT NOT NULL,
  client TEXT NOT NULL,
  size INTEGER NOT NULL,
  status TEXT NOT NULL,
  relay TEXT NOT NULL,
  dsn TEXT NOT NULL,
  reply TEXT NOT NULL,
  ses_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY(id, recipient, attempt)
) WITHOUT ROWID, STRICT;
CREATE INDEX by_time ON attempt(time);
CREATE INDEX by_recipient ON attempt(lower(to_address), time))";

constexpr const char* columns =
    "id, recipient, attempt, time, arrived, from_address, to_address, stream, client, size, status, relay, "
    "dsn, reply, ses_id, reason";

std::int64_t millis(base::WallTime when) {
  return when.time_since_epoch().count();
}

Status status_from(std::string_view text) {
  for (const Status s : {Status::sent, Status::deferred, Status::bounced, Status::suppressed})
    if (text == to_string(s)) return s;
  return Status::held;
}

Row row_of(SQLite::Statement& s) {
  const auto text = [&s](int column) { return s.getColumn(column).getString(); };
  const auto time = [&s](int column) {
    return base::WallTime(std::chrono::milliseconds(s.getColumn(column).getInt64()));
  };
  Row row;
  row.id = text(0);
  row.recipient = s.getColumn(1).getInt();
  row.attempt = s.getColumn(2).getInt();
  row.time = time(3);
  row.arrived = time(4);
  row.from = text(5);
  row.to = text(6);
  row.stream = text(7);
  row.client = text(8);
  row.size = static_cast<std::uint64_t>(s.getColumn(9).getInt64());
  row.status = status_from(text(10));
  row.relay = text(11);
  row.dsn = text(12);
  row.reply = text(13);
  row.ses_id = text(14);
  row.reason = text(15);
  return row;
}

// The conditions that a query has, and their values in order.
struct Filter {
  std::string sql;
  std::vector<std::string> texts;
  std::optional<base::WallTime> since;

  explicit Filter(const Query& query) : since(query.since) {
    add("lower(to_address) = ?", query.to);
    add("lower(from_address) = ?", query.from);
    add("lower(ses_id) = ?", query.ses_id);
    if (!query.id.empty()) {
      sql += " AND id = upper(?)";
      texts.push_back(query.id);
    }
    if (since) sql += " AND time >= ?";
  }
  void add(const char* condition, const std::string& value) {
    if (value.empty()) return;
    sql += std::string(" AND ") + condition;
    texts.push_back(mail::to_lower(value));
  }
};

}  // namespace

base::Result<std::shared_ptr<Store>> Store::open(const std::string& directory) {
  base::DatabaseOptions options;
  options.path = directory + "/ledger.db";
  options.migrations = {create};
  options.sync = base::DatabaseOptions::Sync::normal;
  options.cache_kib = writer_cache_kib;
  auto database = base::Database::open(options);
  if (database.has_error()) return database.error();
  try {
    return std::make_shared<Store>(std::move(*database), options.path);
  } catch (const SQLite::Exception& e) {
    return base::database_error("open " + options.path, e);
  }
}

// The same attempt again, after a crash between ledger and spool, or when the connection failed and no
// attempt was counted: the later outcome stands.
Store::Store(std::unique_ptr<base::Database> database, const std::string& path)
    : database_(std::move(database)),
      insert_(database_->connection(), std::string("INSERT OR REPLACE INTO attempt(") + columns +
                                           ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      readers_(path) {}

Store::Reader::Reader(const std::string& path) : connection(base::open_reader(path, reader_cache_kib)) {}

void Store::insert(const Row& row) {
  const base::StatementReset inserting(insert_);
  const std::string status(to_string(row.status));
  insert_.bindNoCopy(1, row.id);
  insert_.bind(2, row.recipient);
  insert_.bind(3, row.attempt);
  insert_.bind(4, millis(row.time));
  insert_.bind(5, millis(row.arrived));
  insert_.bindNoCopy(6, row.from);
  insert_.bindNoCopy(7, row.to);
  insert_.bindNoCopy(8, row.stream);
  insert_.bindNoCopy(9, row.client);
  insert_.bind(10, static_cast<std::int64_t>(row.size));
  insert_.bindNoCopy(11, status);
  insert_.bindNoCopy(12, row.relay);
  insert_.bindNoCopy(13, row.dsn);
  insert_.bindNoCopy(14, row.reply);
  insert_.bindNoCopy(15, row.ses_id);
  insert_.bindNoCopy(16, row.reason);
  insert_.exec();
}

base::Result<void> Store::write(const std::vector<const std::vector<Row>*>& groups) try {
  SQLite::Transaction transaction(database_->connection());
  for (const auto* rows : groups)
    for (const auto& row : *rows) insert(row);
  transaction.commit();
  return {};
} catch (const SQLite::Exception& e) {
  return base::database_error("write ledger.db", e);
}

base::Result<bool> Store::purge(base::WallTime before) try {
  SQLite::Statement last(database_->connection(),
                         "SELECT max(id) FROM (SELECT id FROM attempt WHERE id < ? ORDER BY id LIMIT ?)");
  last.bind(1, base::first_id_of(before));
  last.bind(2, purge_rows);
  last.executeStep();
  const std::string id = last.getColumn(0).getString();
  last.reset();
  if (id.empty()) return database_->shrink();
  SQLite::Statement remove(database_->connection(), "DELETE FROM attempt WHERE id <= ?");
  remove.bind(1, id);
  remove.exec();
  return true;
} catch (const SQLite::Exception& e) {
  return base::database_error("purge ledger.db", e);
}

void Store::checkpoint_if_due() {
  if (database_->wants_checkpoint()) database_->checkpoint();
}

base::Result<std::vector<Row>> Store::search(const Query& query) try {
  return readers_.with([&query](Reader& reader) {
    const Filter filter(query);
    SQLite::Statement statement(*reader.connection, std::string("SELECT ") + columns +
                                                        " FROM attempt WHERE true" + filter.sql +
                                                        " ORDER BY time DESC, id DESC, recipient LIMIT ?");
    int at = 0;
    for (const auto& text : filter.texts) statement.bind(++at, text);
    if (filter.since) statement.bind(++at, millis(*filter.since));
    statement.bind(++at, static_cast<std::int64_t>(query.limit));
    std::vector<Row> found;
    while (statement.executeStep()) found.push_back(row_of(statement));
    return found;
  });
} catch (const SQLite::Exception& e) {
  return base::database_error("read ledger.db", e);
}

}  // namespace postern::ledger
