#include "suppression/key_scan.hpp"

#include "postern/base/database.hpp"
#include "suppression/generations.hpp"

namespace postern::suppression {

namespace {

constexpr int cache_kib = 64;  // each page is read once

}  // namespace

KeyScan::Connection::Connection(const std::string& path)
    : database(base::open_reader(path, cache_kib)),
      own(*database, "SELECT key FROM own WHERE key > ? ORDER BY key LIMIT ?"),
      listed(*database, "SELECT key FROM listed WHERE generation = ? AND key > ? ORDER BY key LIMIT ?") {}

SQLite::Statement& KeyScan::bound(std::size_t rows) {
  const auto limit = static_cast<std::int64_t>(rows);
  auto& statement = generations_.empty() ? connection_->own : connection_->listed;
  if (generations_.empty()) {
    bind_all(statement, last_, limit);
  } else {
    bind_all(statement, generations_.back(), last_, limit);
  }
  return statement;
}

bool KeyScan::next(std::size_t rows, const std::function<void(std::string_view)>& take) {
  if (!connection_) connection_ = std::make_unique<Connection>(path_);
  auto& statement = bound(rows);
  const base::StatementReset reading(statement);
  std::size_t count = 0;
  std::string last;
  for (; statement.executeStep(); ++count) {
    const auto column = statement.getColumn(0);
    const std::string_view key(column.getText(), static_cast<std::size_t>(column.getBytes()));
    take(key);
    last = key;
  }
  if (count == rows) {
    last_ = std::move(last);
    return true;
  }
  last_.clear();
  if (generations_.empty()) return false;
  generations_.pop_back();
  return true;
}

}  // namespace postern::suppression
