// The tables of spool.db and the way from any older version to this one. Runs once, at open.
#pragma once

#include <SQLiteCpp/Database.h>

namespace postern::spool {

int schema_version();                      // what this program writes
int schema_version(SQLite::Database& db);  // what the file has; 0: nothing yet
void migrate(SQLite::Database& db);        // forward, each step in a transaction of its own
bool has_tables(SQLite::Database& db);

}  // namespace postern::spool
