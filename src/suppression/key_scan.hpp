// Reads every look-up key of own entries and of some generations, in slices of one short transaction each, so
// that the WAL can be checkpointed meanwhile. What is written after the start of it may be missed. One thread
// at a time, with a connection of its own.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::suppression {

class KeyScan {
 public:
  // Opens its connection with the first slice.
  KeyScan(std::string path, std::vector<std::int64_t> generations)
      : path_(std::move(path)), generations_(std::move(generations)) {}

  // A key of several spellings comes several times. True: there are more.
  bool next(std::size_t rows, const std::function<void(std::string_view)>& take);

 private:
  struct Connection {
    explicit Connection(const std::string& path);
    std::unique_ptr<SQLite::Database> database;
    SQLite::Statement own, listed;
  };
  SQLite::Statement& bound(std::size_t rows);

  std::string path_;
  std::vector<std::int64_t> generations_;  // still to be read, the last one first, and then own
  std::string last_;                       // key that was read
  std::unique_ptr<Connection> connection_;
};

}  // namespace postern::suppression
