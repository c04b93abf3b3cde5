// The list of this machine: List for those who look up and edit, SyncTarget for who keeps it in step with
// SES.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postern/suppression/list.hpp"
#include "postern/suppression/sync_target.hpp"
#include "suppression/filter_builds.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {

class StoredList final : public List, public SyncTarget {
 public:
  // Without builds every look-up goes to the disk.
  StoredList(std::shared_ptr<Store> store, std::shared_ptr<FilterBuilds> builds, base::Pool& disk,
             base::BooksWriter& writer, base::Log& log, base::Metrics& metrics);
  ~StoredList() override { stop(); }
  StoredList(const StoredList&) = delete;
  StoredList& operator=(const StoredList&) = delete;

  void stop() override;
  base::Task<base::Result<std::optional<Entry>>> find(std::string address) override;
  base::Task<base::Result<void>> add(Entry entry) override;
  base::Task<base::Result<bool>> remove(std::string address) override;
  base::Task<base::Result<std::size_t>> import(std::vector<Entry> entries) override;
  base::Task<base::Result<std::vector<Entry>>> list(std::size_t limit, std::string after_address) override;
  std::uint64_t size() const override { return store_->size(); }
  SyncTarget* sync_target() override { return this; }

  base::Task<base::Result<SyncState>> sync_state() override;
  base::Task<base::Result<void>> begin(PassKind kind, std::string scope, base::WallTime started) override;
  base::Task<base::Result<PageResult>> add_page(PassKind kind, Page page) override;
  base::Task<base::Result<void>> finish(PassKind kind, base::WallTime now) override;
  base::Task<base::Result<void>> abandon(PassKind kind, std::optional<Doubt> doubt) override;
  base::Task<base::Result<bool>> sweep() override;
  base::Task<base::Result<void>> put_listed(Listed entry) override;
  base::Task<base::Result<Removed>> remove_everywhere(std::string address) override;
  base::Task<base::Result<std::vector<Listed>>> spellings(std::string address) override;
  void set_ses_time(std::function<base::WallTime()> now) override { ses_time_ = std::move(now); }

 private:
  base::Task<base::Result<void>> merge_crowded(PassKind kind);
  base::Task<base::Result<void>> move_over(PassKind kind, base::WallTime now);
  base::Task<base::Result<Removed>> take_off(std::string address, std::optional<base::WallTime> at_ses);
  bool known_absent(const std::string& key) const;
  void changed();  // after what may have added or removed much

  std::shared_ptr<Store> store_;  // work that is still queued when the list goes keeps it
  std::shared_ptr<FilterBuilds> builds_;
  base::Pool& disk_;
  base::BooksWriter& writer_;
  base::Log& log_;
  base::Counter& from_memory_;
  base::Counter& from_disk_;
  std::function<base::WallTime()> ses_time_ = [] { return base::SystemClock().wall_now(); };
};

}  // namespace postern::suppression
