#include "database_schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

namespace postern::base {

int version_of(SQLite::Database& db) {
  return db.execAndGet("PRAGMA user_version").getInt();
}

bool has_tables(SQLite::Database& db) {
  return db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() > 0;
}

void migrate(SQLite::Database& db, const std::vector<const char*>& migrations) {
  for (auto at = static_cast<std::size_t>(version_of(db)); at < migrations.size(); ++at) {
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    db.exec(migrations[at]);
    db.exec(fmt::format("PRAGMA user_version = {}", at + 1));
    transaction.commit();
  }
}

}  // namespace postern::base
