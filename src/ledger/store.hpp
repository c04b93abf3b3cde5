// ledger.db: its SQL. write, purge and checkpoint run on the books writer only; search on any thread of the
// disk pool, with a connection lent for the call.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <string>
#include <vector>

#include "postern/base/database.hpp"
#include "postern/ledger/ledger.hpp"

namespace postern::ledger {

// What goes to disk in one transaction.
struct Batch {
  std::vector<const Row*> rows;
  std::vector<const Alignment*> alignments;
};

class Store {
 public:
  static base::Result<std::shared_ptr<Store>> open(const std::string& directory);

  explicit Store(std::unique_ptr<base::Database> database, const std::string& path);

  base::Result<void> write(const Batch& batch);
  // Deletes a slice of the older rows; true: there may be more, or free pages to give back.
  base::Result<bool> purge(base::WallTime before, int rows);
  base::Result<void> checkpoint_if_due();

  base::Result<std::vector<Row>> search(const Query& query);

 private:
  struct Reader {
    explicit Reader(const std::string& path);
    std::unique_ptr<SQLite::Database> connection;
  };
  void insert(const Row& row);
  void insert(const Alignment& found);

  std::unique_ptr<base::Database> database_;
  SQLite::Statement insert_;
  SQLite::Statement insert_alignment_;
  base::Readers<Reader> readers_;  // last: closed before the writer, which then leaves no WAL behind
};

}  // namespace postern::ledger
