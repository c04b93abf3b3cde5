// suppression.db: the SQL of the list. What writes runs on the books writer only, each call one transaction
// of one slice; what reads on any thread of the disk pool, with a connection lent for the call.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "postern/base/database.hpp"
#include "postern/base/slice.hpp"
#include "postern/suppression/list.hpp"
#include "postern/suppression/sync_target.hpp"
#include "suppression/generations.hpp"
#include "suppression/merge.hpp"

namespace postern::suppression {

// What comes with the last slice of a page.
struct PageEnd {
  std::string next_token;
  base::WallTime when{};
  std::uint64_t entries = 0;
  std::uint64_t skipped = 0;
  bool empty = false;  // and not the last
};

class Store {
 public:
  static base::Result<std::shared_ptr<Store>> open(const std::string& directory);

  explicit Store(std::unique_ptr<base::Database> database, const std::string& path);

  // Books writer: own entries.
  base::Result<std::size_t> put(std::span<const Entry> entries);  // how many were new
  base::Result<Removed> remove(const std::string& key, base::WallTime now);
  bool checkpoint_if_due();  // true: it was

  // Books writer: the copy of SES's list (store_passes.cpp).
  base::Result<void> put_listed(const ListedRow& row);
  base::Result<void> begin(PassKind kind, const std::string& scope, base::WallTime started);
  // `run` is 0 before the first slice of a page.
  base::Result<Pass> add(PassKind kind, std::int64_t& run, std::span<const ListedRow> rows,
                         const PageEnd* end);
  // Runs of one level that have become many are to be merged into one of the next; empty: none have.
  base::Result<std::vector<std::int64_t>> crowded_runs(PassKind kind);
  base::Result<bool> merge_runs(Merge& merge, std::int64_t& into,
                                const std::vector<std::int64_t>& from);  // true: there is more
  base::Result<std::vector<std::int64_t>> begin_finish(PassKind kind);   // all runs
  // Into the new generation of a full pass; changes into the list in force, and with the last that pass ends.
  base::Result<bool> merge_some(PassKind kind, Merge& merge, base::WallTime now);  // true: there is more
  base::Result<void> switch_over(base::WallTime now);  // to what the full pass gathered
  base::Result<void> abandon(PassKind kind, const std::optional<Doubt>& doubt);
  base::Result<bool> erase_stale();  // true: there is more
  base::Result<bool> sweep_some();   // the same, then gives disk back
  base::Slice& slice() { return slice_; }

  base::Result<std::optional<Entry>> find(const std::string& key);
  base::Result<std::vector<Entry>> list(std::size_t limit, const std::string& after_key);
  base::Result<std::vector<Listed>> spellings(const std::string& key);
  base::Result<SyncState> state();

  std::uint64_t size() const { return size_->load(std::memory_order_acquire); }
  std::shared_ptr<const std::atomic<std::uint64_t>> counter() const { return size_; }

 private:
  struct Reader {
    explicit Reader(const std::string& path);
    std::unique_ptr<SQLite::Database> connection;
    SQLite::Statement find, own_after, listed_after, spellings;
  };
  struct OpenPass {
    Pass pass;
    Generation generation;
    bool merging = false;
  };

  bool put_one(const Entry& entry, std::vector<Generation>& live);
  void add_to_own(std::int64_t change);
  bool shrink();
  static std::optional<OpenPass> read_pass(SQLite::Database& connection, PassKind kind);
  base::Result<OpenPass> ended_pass(PassKind kind);
  std::vector<std::int64_t> runs_of(PassKind kind, const char* which);
  bool removed_since(const ListedRow& row, PassKind kind, base::WallTime started);
  void publish_size();
  base::Error failed(std::string_view what, const std::exception& thrown);
  SQLite::Database& connection() { return database_->connection(); }

  std::string path_;
  std::unique_ptr<base::Database> database_;
  SQLite::Statement insert_, update_, remove_, removed_;
  Generations generations_;
  base::Slice slice_{{.first = 200, .fewest = 16, .most = 500}};  // rows
  std::shared_ptr<std::atomic<std::uint64_t>> size_;
  base::Readers<Reader> readers_;  // last: closed before the writer, which then leaves no WAL behind
};

}  // namespace postern::suppression
