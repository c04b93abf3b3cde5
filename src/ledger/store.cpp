#include "ledger/store.hpp"

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"

namespace postern::ledger {

namespace {

constexpr int writer_cache_kib = 1024;
constexpr int reader_cache_kib = 256;

// Ids sort by time, so that rows are appended at the end of the key. by_time serves `since`, the purge and
// the order of the answer: a message that arrived long ago may have its last attempt now. A search for a
// recipient reads by_time alone, some 10,000,000 rows a second, and compares hashes: an index on the address
// itself would change a page of its own for every row, and cost 20 us of the 30 that a row took.
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
  to_hash INTEGER NOT NULL,
  PRIMARY KEY(id, recipient, attempt)
) WITHOUT ROWID, STRICT;
CREATE INDEX by_time ON attempt(time, to_hash))";

// A row a message, not an attempt, and often before the first of them.
constexpr const char* create_alignment = R"(
CREATE TABLE alignment(
  id TEXT NOT NULL PRIMARY KEY,
  spf TEXT NOT NULL,
  dmarc TEXT NOT NULL,
  detail TEXT NOT NULL
) WITHOUT ROWID, STRICT)";

constexpr const char* insert_sql =
    "INSERT OR REPLACE INTO attempt(id, recipient, attempt, time, arrived, from_address, to_address, stream, "
    "client, size, status, relay, dsn, reply, ses_id, reason, to_hash) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr const char* select_sql =
    "SELECT a.id, a.recipient, a.attempt, a.time, a.arrived, a.from_address, a.to_address, a.stream, "
    "a.client, "
    "a.size, a.status, a.relay, a.dsn, a.reply, a.ses_id, a.reason, l.spf, l.dmarc, l.detail FROM ";

constexpr const char* with_alignment = " LEFT JOIN alignment AS l ON l.id = a.id";

// k is read from the index only; the row is looked up for those that pass.
constexpr const char* by_hash =
    "attempt AS k INDEXED BY by_time CROSS JOIN attempt AS a ON a.id = k.id AND a.recipient = k.recipient "
    "AND a.attempt = k.attempt";

// FNV-1a of the look-up key: stored, so it may never change.
std::int64_t hash_of(std::string_view address) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : mail::lookup_key(address)) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211u;
  }
  return static_cast<std::int64_t>(hash);
}

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
  row.spf = text(16);  // "" where there is none
  row.dmarc = text(17);
  row.alignment = text(18);
  return row;
}

// The statement that a query asks for; bind() gives it its values in the same order.
std::string statement_of(const Query& query) {
  const bool hashed = !query.to.empty() && query.id.empty();
  std::string sql = select_sql;
  sql += hashed ? by_hash : "attempt AS a";
  sql += with_alignment;
  sql += hashed ? " WHERE k.to_hash = ?" : " WHERE true";
  if (!query.to.empty()) sql += " AND lower(a.to_address) = ?";
  if (!query.from.empty()) sql += " AND lower(a.from_address) = ?";
  if (!query.ses_id.empty()) sql += " AND lower(a.ses_id) = ?";
  if (!query.id.empty()) sql += " AND a.id = upper(?)";
  const std::string time = hashed ? "k.time" : "a.time";
  if (query.since) sql += " AND " + time + " >= ?";
  return sql + " ORDER BY " + time + " DESC LIMIT ?";
}

void bind(SQLite::Statement& statement, const Query& query) {
  int at = 0;
  if (!query.to.empty() && query.id.empty()) statement.bind(++at, hash_of(query.to));
  for (const auto* text : {&query.to, &query.from, &query.ses_id, &query.id})
    if (!text->empty()) statement.bind(++at, base::to_lower(*text));
  if (query.since) statement.bind(++at, millis(*query.since));
  statement.bind(++at, static_cast<std::int64_t>(query.limit));
}

}  // namespace

base::Result<std::shared_ptr<Store>> Store::open(const std::string& directory) {
  base::DatabaseOptions options;
  options.path = directory + "/ledger.db";
  options.migrations = {create, create_alignment};
  options.sync = base::DatabaseOptions::Sync::normal;
  options.cache_kib = writer_cache_kib;
  auto database = base::Database::open(options);
  if (database.has_error()) return database.error();
  try {
    return std::make_shared<Store>(std::move(*database), options.path);
  } catch (const SQLite::Exception& e) {
    return base::database_error(options.path, e);
  }
}

// The same attempt again, after a crash between ledger and spool, or when the connection failed and no
// attempt was counted: the later outcome stands.
Store::Store(std::unique_ptr<base::Database> database, const std::string& path)
    : database_(std::move(database)),
      insert_(database_->connection(), insert_sql),
      insert_alignment_(database_->connection(), "INSERT OR REPLACE INTO alignment VALUES (?, ?, ?, ?)"),
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
  insert_.bind(17, hash_of(row.to));
  insert_.exec();
}

void Store::insert(const Alignment& found) {
  const base::StatementReset inserting(insert_alignment_);
  insert_alignment_.bindNoCopy(1, found.id);
  insert_alignment_.bindNoCopy(2, found.spf);
  insert_alignment_.bindNoCopy(3, found.dmarc);
  insert_alignment_.bindNoCopy(4, found.detail);
  insert_alignment_.exec();
}

base::Result<void> Store::write(const Batch& batch) try {
  SQLite::Transaction transaction(database_->connection());
  for (const auto* row : batch.rows) insert(*row);
  for (const auto* found : batch.alignments) insert(*found);
  transaction.commit();
  return {};
} catch (const SQLite::Exception& e) {
  return base::database_error("write ledger.db", e);
}

base::Result<bool> Store::purge(base::WallTime before, int rows) try {
  SQLite::Statement remove(
      database_->connection(),
      "DELETE FROM attempt WHERE (id, recipient, attempt) IN "
      "(SELECT id, recipient, attempt FROM attempt WHERE time < ? ORDER BY time LIMIT ?)");
  remove.bind(1, millis(before));
  remove.bind(2, rows);
  if (remove.exec() > 0) return true;
  // Ids sort by time: what is older than every row that is left belongs to none.
  SQLite::Statement orphans(database_->connection(),
                            "DELETE FROM alignment WHERE id IN (SELECT id FROM alignment "
                            "WHERE id < (SELECT min(id) FROM attempt) ORDER BY id LIMIT ?)");
  orphans.bind(1, rows);
  if (orphans.exec() > 0) return true;
  return database_->shrink(database_->pages() / 4, rows / 2);
} catch (const SQLite::Exception& e) {
  return base::database_error("purge ledger.db", e);
}

base::Result<void> Store::checkpoint_if_due() {
  if (!database_->wants_checkpoint()) return {};
  return database_->checkpoint();
}

base::Result<std::vector<Row>> Store::search(const Query& query) try {
  return readers_.with([&query](Reader& reader) {
    SQLite::Statement statement(*reader.connection, statement_of(query));
    bind(statement, query);
    std::vector<Row> found;
    while (statement.executeStep()) found.push_back(row_of(statement));
    return found;
  });
} catch (const SQLite::Exception& e) {
  return base::database_error("read ledger.db", e);
}

}  // namespace postern::ledger
