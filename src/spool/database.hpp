// Where the spool's files lie, and what spool.db asks of base::Database.
#pragma once

#include <memory>
#include <string>

#include "postern/base/database.hpp"

namespace postern::spool {

struct Paths {
  std::string database;  // <directory>/spool.db
  std::string bodies;    // <directory>/bodies
};
Paths paths_in(const std::string& directory);

// Closing leaves the WAL as it is, until the writer says otherwise.
base::DatabaseOptions database_options(const Paths& paths);

// One more connection that can only read.
std::unique_ptr<SQLite::Database> open_reader(const Paths& paths);

}  // namespace postern::spool
