// suppression.db: the SQL of the list. write functions run on the books writer only; find and list on any
// thread of the disk pool, with a connection lent for the call. Keeps the count in memory.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "postern/base/database.hpp"
#include "postern/suppression/list.hpp"

namespace postern::suppression {

class Store {
 public:
  static base::Result<std::shared_ptr<Store>> open(const std::string& directory);

  explicit Store(std::unique_ptr<base::Database> database, const std::string& path);

  base::Result<std::size_t> put(std::span<const Entry> entries);  // one transaction; how many were new
  base::Result<bool> remove(const std::string& key);
  void checkpoint_if_due();

  base::Result<std::optional<Entry>> find(const std::string& key);
  base::Result<std::vector<Entry>> list(std::size_t limit, const std::string& after_key);

  std::uint64_t size() const { return size_->load(std::memory_order_acquire); }
  std::shared_ptr<const std::atomic<std::uint64_t>> counter() const { return size_; }

 private:
  struct Reader {
    explicit Reader(const std::string& path);
    std::unique_ptr<SQLite::Database> connection;
    SQLite::Statement find;
    SQLite::Statement list;
  };
  bool put_one(const Entry& entry);

  std::unique_ptr<base::Database> database_;
  SQLite::Statement insert_;
  SQLite::Statement update_;
  SQLite::Statement remove_;
  std::shared_ptr<std::atomic<std::uint64_t>> size_;
  base::Readers<Reader> readers_;  // last: closed before the writer, which then leaves no WAL behind
};

}  // namespace postern::suppression
