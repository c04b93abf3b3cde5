#include "suppression/store.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>

#include "postern/mail/address.hpp"
#include "suppression/pass_sql.hpp"

namespace postern::suppression {

namespace {

namespace fs = std::filesystem;

constexpr int writer_cache_kib = 512;
constexpr int reader_cache_kib = 64;  // more does not make a look-up faster: the kernel has the pages
// Read whole at the start, which is to take less than 200 ms. What is larger shows its damage when it is
// read, and is read whole at the start after that.
constexpr std::uintmax_t checked_bytes = 16 << 20;

std::string damage_mark(const std::string& path) {
  return path + ".damaged";
}

HashKey random_key() {
  std::random_device device;
  const auto word = [&device] { return std::uint64_t{device()} << 32 | device(); };
  const auto first = word();
  return {first, word()};
}

Entry own_entry(SQLite::Statement& row) {
  const std::chrono::milliseconds since(row.getColumn(3).getInt64());
  return {row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
          base::WallTime(since)};
}

void bind_entry(SQLite::Statement& statement, const std::string& key, const Entry& entry) {
  bind_all(statement, key, entry.address, entry.reason, entry.source,
           std::int64_t{entry.since.time_since_epoch().count()});
}

// Joins a further entry of the same address to the first.
void join(std::optional<Entry>& first, Entry next) {
  if (!first) {
    first = std::move(next);
    return;
  }
  first->ses = first->ses || next.ses;
  first->also.push_back(std::move(next));
}

}  // namespace

base::Result<std::shared_ptr<Store>> Store::open(const std::string& directory) {
  base::DatabaseOptions options;
  options.path = directory + "/suppression.db";
  options.migrations = migrations();
  options.cache_kib = writer_cache_kib;
  const bool damaged = fs::exists(damage_mark(options.path));
  options.check_up_to = damaged ? UINTMAX_MAX : checked_bytes;
  auto database = base::Database::open(options);
  std::error_code ignored;
  if (damaged) fs::remove(damage_mark(options.path), ignored);
  if (database.has_error()) return database.error();
  try {
    return std::make_shared<Store>(std::move(*database), options.path);
  } catch (const SQLite::Exception& e) {
    return base::database_error(options.path, e);
  }
}

Store::Store(std::unique_ptr<base::Database> database, const std::string& path)
    : path_(path),
      database_(std::move(database)),
      insert_(connection(),
              "INSERT INTO own(key, address, reason, source, since) VALUES (?, ?, ?, ?, ?) "
              "ON CONFLICT DO NOTHING"),
      update_(connection(),
              "UPDATE own SET address = ?2, reason = ?3, source = ?4, since = ?5 WHERE key = ?1"),
      remove_(connection(), "DELETE FROM own WHERE key = ?"),
      removed_(connection(), "SELECT at FROM removed WHERE key = ?"),
      prefilter_(random_key()),
      generations_(connection(), prefilter_),
      size_(std::make_shared<std::atomic<std::uint64_t>>()),
      readers_(path) {
  *size_ = counted();
}

Store::Reader::Reader(const std::string& path)
    : connection(base::open_reader(path, reader_cache_kib)),
      find(*connection,
           "SELECT address, reason, source, since, 0 FROM own WHERE key = ?1 UNION ALL "
           "SELECT spelling, reason, '', since, 1 FROM listed "
           "WHERE generation = (SELECT current FROM state) AND key = ?1"),
      own_after(*connection,
                "SELECT address, reason, source, since, key FROM own WHERE key > ? ORDER BY key"),
      listed_after(*connection,
                   "SELECT key, spelling, reason, since FROM listed WHERE generation = (SELECT current FROM "
                   "state) AND key > ? ORDER BY key, spelling"),
      spellings(*connection,
                "SELECT key, spelling, reason, since FROM listed WHERE generation = (SELECT current FROM "
                "state) AND key = ? ORDER BY spelling") {}

base::Error Store::read_failed(const std::exception& thrown) {
  auto error = base::database_error("read suppression.db", thrown);
  if (error.code == base::Errc::corrupt) std::ofstream(damage_mark(path_), std::ios::app);
  return error;
}

base::Error Store::write_failed(const std::exception& thrown) {
  auto error = base::database_error("write suppression.db", thrown);
  if (error.code == base::Errc::corrupt) std::ofstream(damage_mark(path_), std::ios::app);
  break_if(error);
  return error;
}

// After a failed sync only a fresh start knows what the disk holds; what was confirmed lies in the WAL.
void Store::break_if(const base::Error& error) {
  if (broken_ || base::severity_of(error) != base::Severity::broken) return;
  broken_ = base::fail(error.code, error.message + "; the list is not written again before a restart");
  database_->checkpoint_on_close(false);
}

std::uint64_t Store::counted() {
  SQLite::Statement read(connection(),
                         "SELECT own + keys - shared FROM state JOIN generation ON number = current");
  if (!read.executeStep()) throw SQLite::Exception("the counts of the list are missing", SQLITE_CORRUPT);
  return static_cast<std::uint64_t>(read.getColumn(0).getInt64());
}

// Counted before: what is committed must not be reported as failed.
void Store::commit(SQLite::Transaction& transaction) {
  const auto entries = counted();
  transaction.commit();
  size_->store(entries, std::memory_order_release);
}

void Store::add_to_own(std::int64_t change) {
  if (change == 0) return;
  SQLite::Statement add(connection(), "UPDATE state SET own = own + ?");
  add.bind(1, change);
  add.exec();
}

bool Store::put_one(const Entry& entry, std::vector<Generation>& live) {
  const std::string key = mail::lookup_key(entry.address);
  prefilter_.add(key);
  const base::StatementReset inserting(insert_);
  bind_entry(insert_, key, entry);
  if (insert_.exec() == 1) {
    for (auto& generation : live) generation.shared += generations_.has(generation, key) ? 1 : 0;
    return true;
  }
  const base::StatementReset updating(update_);
  bind_entry(update_, key, entry);
  update_.exec();
  return false;
}

base::Result<std::size_t> Store::put(std::span<const Entry> entries, bool more_follow) try {
  std::optional<Relaxed> relaxed;
  if (more_follow) relaxed.emplace(connection());
  SQLite::Transaction transaction(connection());
  auto live = generations_.live();
  std::size_t added = 0;
  for (const auto& entry : entries) added += put_one(entry, live) ? 1u : 0u;
  for (const auto& generation : live) generations_.save(generation);
  add_to_own(static_cast<std::int64_t>(added));
  commit(transaction);
  return added;
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

// The copies first: their counts ask whether there is an own entry. The time of a removal at SES stands until
// a full pass that began later has taken its word from there.
base::Result<Removed> Store::remove(const std::string& key, std::optional<base::WallTime> at_ses) try {
  SQLite::Transaction transaction(connection());
  Removed was;
  for (auto& generation : generations_.live()) {
    if (!generations_.erase(generation, key)) continue;
    generations_.save(generation);
    was.listed = true;
  }
  const base::StatementReset removing(remove_);
  bind_all(remove_, key);
  was.own = remove_.exec() > 0;
  if (was.own) add_to_own(-1);
  if (at_ses)
    run(connection(), "INSERT OR REPLACE INTO removed(key, at) VALUES (?, ?)", key, number(*at_ses));
  commit(transaction);
  return was;
} catch (const SQLite::Exception& e) {
  return write_failed(e);
}

bool Store::checkpoint_if_due() {
  if (broken_ || !database_->wants_checkpoint()) return false;
  if (const auto done = database_->checkpoint(); done.has_error()) break_if(done.error());
  return true;
}

base::Result<std::optional<Entry>> Store::find(const std::string& key) try {
  return readers_.with([&key](Reader& reader) {
    const base::StatementReset reading(reader.find);
    bind_all(reader.find, key);
    std::optional<Entry> found;
    while (reader.find.executeStep()) {
      auto& row = reader.find;
      if (row.getColumn(4).getInt() == 0) {
        join(found, own_entry(row));
      } else {
        join(found, entry_of(ListedRow{key, row.getColumn(0).getString(), row.getColumn(1).getString(),
                                       row.getColumn(3).getInt64()}));
      }
    }
    return found;
  });
} catch (const SQLite::Exception& e) {
  return read_failed(e);
}

namespace {

ListedRow listed_row(SQLite::Statement& row) {
  return {row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
          row.getColumn(3).getInt64()};
}

}  // namespace

// Two cursors in the order of the keys, of which the smaller key goes on; in one transaction, so that both
// see the same generation.
base::Result<std::vector<Entry>> Store::list(std::size_t limit, const std::string& after_key) try {
  return readers_.with([&](Reader& reader) {
    SQLite::Transaction transaction(*reader.connection);
    const base::StatementReset reading_own(reader.own_after), reading_listed(reader.listed_after);
    auto& own = reader.own_after;
    auto& listed = reader.listed_after;
    bind_all(own, after_key);
    bind_all(listed, after_key);
    bool more_own = own.executeStep(), more_listed = listed.executeStep();
    std::vector<Entry> found;
    while (found.size() < limit && (more_own || more_listed)) {
      std::string key = more_own ? own.getColumn(4).getString() : listed.getColumn(0).getString();
      if (more_listed) key = std::min(key, listed.getColumn(0).getString());
      std::optional<Entry> entry;
      for (; more_own && own.getColumn(4).getString() == key; more_own = own.executeStep())
        join(entry, own_entry(own));
      for (; more_listed && listed.getColumn(0).getString() == key; more_listed = listed.executeStep())
        join(entry, entry_of(listed_row(listed)));
      found.push_back(std::move(*entry));
    }
    return found;
  });
} catch (const SQLite::Exception& e) {
  return read_failed(e);
}

base::Result<std::vector<Listed>> Store::spellings(const std::string& key) try {
  return readers_.with([&key](Reader& reader) {
    const base::StatementReset reading(reader.spellings);
    bind_all(reader.spellings, key);
    std::vector<Listed> found;
    while (reader.spellings.executeStep()) found.push_back(listed_of(listed_row(reader.spellings)));
    return found;
  });
} catch (const SQLite::Exception& e) {
  return read_failed(e);
}

}  // namespace postern::suppression
