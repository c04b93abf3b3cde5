// The version of a database and the way to this one. Blocking; SQLite failures come out as SQLite::Exception.
#pragma once

#include <vector>

namespace SQLite {
class Database;
}

namespace postern::base {

int version_of(SQLite::Database& db);  // 0: nothing yet
bool has_tables(SQLite::Database& db);
void migrate(SQLite::Database& db, const std::vector<const char*>& migrations);  // each step a transaction

}  // namespace postern::base
