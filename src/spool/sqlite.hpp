// Small helpers around SQLiteCpp: prepared statements that are given back clean, times as integers, and what
// an SQLite failure means to the spool. Used by the files of this module, on whichever thread owns the
// connection.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"

namespace postern::spool {

// A cached statement for one use. Resetting it at the end matters: a statement left in the middle holds its
// snapshot, and the write-ahead log could not be reset.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  ~Use() { statement_.tryReset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  SQLite::Statement* operator->() const { return &statement_; }
  SQLite::Statement& operator*() const { return statement_; }

 private:
  SQLite::Statement& statement_;
};

inline std::int64_t to_column(base::WallTime when) {
  return when.time_since_epoch().count();
}

inline base::WallTime from_column(std::int64_t value) {
  return base::WallTime(base::Duration(value));
}

// What to do about a failed statement or commit.
enum class Severity {
  item,   // this one request is wrong; the others may go on
  full,   // no room on the disk; later perhaps
  busy,   // a foreign process holds the database
  broken  // disk or data: nothing may be acknowledged any more
};

struct Failure {
  Severity severity = Severity::broken;
  base::Error error;
};

bool is_corruption(const SQLite::Exception& e);
Failure classify(const SQLite::Exception& e, std::string_view what);

}  // namespace postern::spool
