// What a failure of SQLite means.
#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "postern/base/database.hpp"

namespace postern::base {

namespace {

Errc code_of(const SQLite::Exception& e) {
  switch (e.getErrorCode() & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::corrupt;
    case SQLITE_FULL:
      return Errc::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::busy;
    case SQLITE_CONSTRAINT:
      return Errc::exists;
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
      return Errc::invalid;
    case SQLITE_NOMEM:
      return Errc::unavailable;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Errc::permission;
    default:
      return Errc::io;
  }
}

}  // namespace

Error database_error(std::string_view what, const std::exception& thrown) {
  const auto* e = dynamic_cast<const SQLite::Exception*>(&thrown);
  if (e == nullptr) return fail(Errc::io, fmt::format("{}: {}", what, thrown.what()));
  return fail(code_of(*e), fmt::format("{}: {} (SQLite {})", what, e->what(), e->getExtendedErrorCode()));
}

Severity severity_of(const Error& of_database) {
  const Errc code = of_database.code;
  if (code == Errc::full) return Severity::full;
  if (code == Errc::busy) return Severity::busy;
  const bool item = code == Errc::exists || code == Errc::invalid || code == Errc::unavailable;
  return item ? Severity::item : Severity::broken;
}

}  // namespace postern::base
