// Opens spool.db: creates it, checks it, brings it up to date, or sets it aside when it is corrupt. Blocking;
// called once at start, before any thread of the spool runs.
#pragma once

#include <memory>
#include <string>

#include "sqlite.hpp"

namespace postern::spool {

struct Paths {
  std::string database;  // <directory>/spool.db
  std::string bodies;    // <directory>/bodies
};
Paths paths_in(const std::string& directory);

// The writer's connection. A corrupt file is renamed, with its log and the body files, to *.corrupt-<time>;
// the error says so and nothing is created in its place.
base::Result<std::unique_ptr<SQLite::Database>> open_database(const Paths& paths);

// One more connection that can only read.
std::unique_ptr<SQLite::Database> open_reader(const Paths& paths);

// After the connections are closed. Gives the error to report.
base::Error set_aside(const Paths& paths, std::string_view why);

// Closing the last connection would otherwise copy the log into the database: not after a failed sync, and
// not into a file that is being set aside. Off when open_database() returns.
void checkpoint_on_close(SQLite::Database& db, bool on);

}  // namespace postern::spool
