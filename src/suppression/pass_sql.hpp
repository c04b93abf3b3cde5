// What the functions of Store around passes have in common.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "postern/base/clock.hpp"
#include "suppression/generations.hpp"

namespace postern::suppression {

inline std::int64_t number(base::WallTime time) {
  return time.time_since_epoch().count();
}

inline base::WallTime time_of(const SQLite::Column& column) {
  return base::WallTime(std::chrono::milliseconds(column.getInt64()));
}

template <class... Values>
void run(SQLite::Database& connection, const char* sql, const Values&... values) {
  SQLite::Statement statement(connection, sql);
  bind_all(statement, values...);
  statement.exec();
}

inline void drop_pass(SQLite::Database& connection, const std::string& kind) {
  run(connection, "DELETE FROM pass WHERE kind = ?", kind);
  run(connection, "DELETE FROM run WHERE kind = ?", kind);
}

// What can be fetched again needs no sync of its own: it takes part in that of the next checkpoint or of the
// next commit that somebody waits for, and a loss of power loses its last slices whole.
class Relaxed {
 public:
  explicit Relaxed(SQLite::Database& connection) : connection_(connection) {
    connection_.exec("PRAGMA synchronous = NORMAL");
  }
  ~Relaxed() { connection_.tryExec("PRAGMA synchronous = FULL"); }
  Relaxed(const Relaxed&) = delete;
  Relaxed& operator=(const Relaxed&) = delete;

 private:
  SQLite::Database& connection_;
};

}  // namespace postern::suppression
