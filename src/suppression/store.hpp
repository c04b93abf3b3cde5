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
#include "suppression/key_scan.hpp"
#include "suppression/merge.hpp"
#include "suppression/prefilter.hpp"

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
  // How many were new. When more of the same follow, the last of them brings all to disk.
  base::Result<std::size_t> put(std::span<const Entry> entries, bool more_follow = false);
  // With the time of a removal at SES no older page of a pass brings it back.
  base::Result<Removed> remove(const std::string& key, std::optional<base::WallTime> at_ses);
  bool checkpoint_if_due();  // true: it was
  // Why nothing more may be written; set by the slice that met it.
  const std::optional<base::Error>& broken() const { return broken_; }

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

  // Prefilter (store_filter.cpp). Begun and ended by the books writer; in between the scan, on the disk pool,
  // until there is no more, one slice after another.
  base::Result<bool> filter_due();
  base::Result<void> begin_filter();
  base::Result<bool> scan_for_filter(std::size_t rows);  // true: there is more
  std::shared_ptr<const BloomFilter> serve_filter();     // gives the one before, which the loop may be in
  void give_up_filter();
  const Prefilter& prefilter() const { return prefilter_; }

  // From the disk, whatever the prefilter knows.
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

  struct Keys {
    std::uint64_t count = 0;                // an upper bound: one may be in two generations
    std::vector<std::int64_t> generations;  // beside own
  };

  Keys keys_to_filter();
  bool put_one(const Entry& entry, std::vector<Generation>& live);
  void add_to_own(std::int64_t change);
  bool shrink();
  static std::optional<OpenPass> read_pass(SQLite::Database& connection, PassKind kind);
  base::Result<OpenPass> ended_pass(PassKind kind);
  std::vector<std::int64_t> runs_of(PassKind kind, const char* which);
  bool removed_since(const ListedRow& row, PassKind kind, base::WallTime started);
  std::uint64_t counted();
  void commit(SQLite::Transaction& transaction);
  base::Error read_failed(const std::exception& thrown);
  base::Error write_failed(const std::exception& thrown);
  void break_if(const base::Error& error);
  SQLite::Database& connection() { return database_->connection(); }

  std::string path_;
  std::unique_ptr<base::Database> database_;
  SQLite::Statement insert_, update_, remove_, removed_;
  Prefilter prefilter_;
  Generations generations_;
  base::Slice slice_{{.first = 200, .fewest = 16, .most = 500}};  // rows
  std::shared_ptr<std::atomic<std::uint64_t>> size_;
  std::optional<base::Error> broken_;
  std::shared_ptr<BloomFilter> growing_;
  // Last: closed before the writer, which then leaves no WAL behind.
  base::Readers<Reader> readers_;
  std::unique_ptr<KeyScan> scan_;
};

}  // namespace postern::suppression
