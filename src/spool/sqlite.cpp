#include "sqlite.hpp"

#include <sqlite3.h>

namespace postern::spool {

namespace {

int primary(const SQLite::Exception& e) {
  return e.getErrorCode() & 0xff;
}

base::Error describe(base::Errc code, std::string_view what, const SQLite::Exception& e) {
  return base::fail(code, std::string(what) + ": " + e.what() + " (SQLite " +
                              std::to_string(e.getExtendedErrorCode()) + ")");
}

}  // namespace

bool is_corruption(const SQLite::Exception& e) {
  return primary(e) == SQLITE_CORRUPT || primary(e) == SQLITE_NOTADB;
}

Failure classify(const SQLite::Exception& e, std::string_view what) {
  using base::Errc;
  switch (primary(e)) {
    case SQLITE_FULL:
      return {Severity::full, describe(Errc::full, what, e)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Severity::busy, describe(Errc::busy, what, e)};
    case SQLITE_CONSTRAINT:
      return {Severity::item, describe(Errc::exists, what, e)};
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
      return {Severity::item, describe(Errc::invalid, what, e)};
    case SQLITE_NOMEM:
      return {Severity::item, describe(Errc::unavailable, what, e)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Severity::broken, describe(Errc::corrupt, what, e)};
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {Severity::broken, describe(Errc::permission, what, e)};
    default:
      return {Severity::broken, describe(Errc::io, what, e)};
  }
}

}  // namespace postern::spool
