#include "suppression/store.hpp"

#include "postern/mail/address.hpp"

namespace postern::suppression {

namespace {

constexpr int writer_cache_kib = 512;
constexpr int reader_cache_kib = 256;

// generation: 0 for what no synchronisation owns. A full one writes under a number of its own and then drops
// the rows of the number before.
constexpr const char* create = R"(
CREATE TABLE entry(
  key TEXT NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  since INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT)";

Entry entry_of(SQLite::Statement& row) {
  const std::chrono::milliseconds since(row.getColumn(3).getInt64());
  return Entry{row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
               base::WallTime(since)};
}

void bind_entry(SQLite::Statement& statement, const std::string& key, const Entry& entry) {
  statement.bindNoCopy(1, key);
  statement.bindNoCopy(2, entry.address);
  statement.bindNoCopy(3, entry.reason);
  statement.bindNoCopy(4, entry.source);
  statement.bind(5, std::int64_t{entry.since.time_since_epoch().count()});
}

}  // namespace

base::Result<std::shared_ptr<Store>> Store::open(const std::string& directory) {
  base::DatabaseOptions options;
  options.path = directory + "/suppression.db";
  options.migrations = {create};
  options.cache_kib = writer_cache_kib;
  options.check_all = true;
  auto database = base::Database::open(options);
  if (database.has_error()) return database.error();
  try {
    return std::make_shared<Store>(std::move(*database), options.path);
  } catch (const SQLite::Exception& e) {
    return base::database_error("open " + options.path, e);
  }
}

Store::Store(std::unique_ptr<base::Database> database, const std::string& path)
    : database_(std::move(database)),
      insert_(database_->connection(),
              "INSERT INTO entry(key, address, reason, source, since) "
              "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
      update_(database_->connection(),
              "UPDATE entry SET address = ?2, reason = ?3, source = ?4, since = ?5, generation = 0 "
              "WHERE key = ?1"),
      remove_(database_->connection(), "DELETE FROM entry WHERE key = ?"),
      size_(std::make_shared<std::atomic<std::uint64_t>>()),
      readers_(path) {
  *size_ =
      static_cast<std::uint64_t>(database_->connection().execAndGet("SELECT count(*) FROM entry").getInt64());
}

Store::Reader::Reader(const std::string& path)
    : connection(base::open_reader(path, reader_cache_kib)),
      find(*connection, "SELECT address, reason, source, since FROM entry WHERE key = ?"),
      list(*connection,
           "SELECT address, reason, source, since FROM entry WHERE key > ? ORDER BY key LIMIT ?") {}

bool Store::put_one(const Entry& entry) {
  const std::string key = mail::lookup_key(entry.address);
  const base::StatementReset inserting(insert_);
  bind_entry(insert_, key, entry);
  if (insert_.exec() == 1) return true;
  const base::StatementReset updating(update_);
  bind_entry(update_, key, entry);
  update_.exec();
  return false;
}

base::Result<std::size_t> Store::put(std::span<const Entry> entries) try {
  SQLite::Transaction transaction(database_->connection());
  std::size_t added = 0;
  for (const auto& entry : entries) added += put_one(entry) ? 1u : 0u;
  transaction.commit();
  size_->fetch_add(added, std::memory_order_release);
  return added;
} catch (const SQLite::Exception& e) {
  return base::database_error("write suppression.db", e);
}

base::Result<bool> Store::remove(const std::string& key) try {
  const base::StatementReset removing(remove_);
  remove_.bind(1, key);
  const bool was = remove_.exec() > 0;
  if (was) size_->fetch_sub(1, std::memory_order_release);
  return was;
} catch (const SQLite::Exception& e) {
  return base::database_error("write suppression.db", e);
}

void Store::checkpoint_if_due() {
  if (database_->wants_checkpoint()) database_->checkpoint();
}

base::Result<std::optional<Entry>> Store::find(const std::string& key) try {
  return readers_.with([&key](Reader& reader) {
    const base::StatementReset reading(reader.find);
    reader.find.bindNoCopy(1, key);
    std::optional<Entry> found;
    if (reader.find.executeStep()) found = entry_of(reader.find);
    return found;
  });
} catch (const SQLite::Exception& e) {
  return base::database_error("read suppression.db", e);
}

base::Result<std::vector<Entry>> Store::list(std::size_t limit, const std::string& after_key) try {
  return readers_.with([&](Reader& reader) {
    const base::StatementReset reading(reader.list);
    reader.list.bindNoCopy(1, after_key);
    reader.list.bind(2, static_cast<std::int64_t>(limit));
    std::vector<Entry> found;
    while (reader.list.executeStep()) found.push_back(entry_of(reader.list));
    return found;
  });
} catch (const SQLite::Exception& e) {
  return base::database_error("read suppression.db", e);
}

}  // namespace postern::suppression
