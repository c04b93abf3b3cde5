// The list's side in memory, so that no test waits for a disk; any call can be made to fail.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "postern/mail/address.hpp"
#include "postern/suppression/sync_target.hpp"

namespace postern::feedback::test {

class FakeTarget final : public suppression::SyncTarget {
 public:
  using Rows = std::map<std::string, std::vector<suppression::Listed>>;  // by look-up key
  Rows current;
  suppression::SyncState state;
  std::map<suppression::PassKind, std::pair<suppression::Pass, Rows>> passes;
  int sweeps = 0;           // slices that are still to be swept
  std::uint64_t calls = 0;  // that change something
  std::uint64_t failing_call = UINT64_MAX;
  std::function<base::WallTime()> ses_time;

  std::vector<std::string> addresses() const {
    std::vector<std::string> out;
    for (const auto& [key, rows] : current) out.push_back(key);
    return out;
  }

  base::Task<base::Result<suppression::SyncState>> sync_state() override {
    auto now = state;
    now.entries = current.size();
    const auto full = passes.find(suppression::PassKind::full);
    if (full != passes.end()) now.full = full->second.first;
    co_return now;
  }
  base::Task<base::Result<void>> begin(suppression::PassKind kind, std::string scope,
                                       base::WallTime started) override {
    if (fails()) co_return full_disk();
    suppression::Pass pass;
    pass.scope = scope;
    pass.started = started;
    passes[kind] = {pass, {}};
    co_return base::Result<void>();
  }
  base::Task<base::Result<suppression::PageResult>> add_page(suppression::PassKind kind,
                                                             suppression::Page page) override {
    if (fails()) co_return full_disk();
    auto& [pass, rows] = passes.at(kind);
    suppression::PageResult result;
    if (page.entries.empty() && !page.next_token.empty()) ++pass.empty;
    for (auto& entry : page.entries) {
      if (entry.address.find(' ') == std::string::npos) {
        rows[mail::lookup_key(entry.address)].push_back(entry);
      } else if (++result.skipped == 1) {
        result.first_skipped = entry.address;
      }
    }
    ++pass.pages;
    pass.skipped += result.skipped;
    pass.entries = rows.size();
    pass.next_token = page.next_token;
    pass.touched = page.when;
    result.pass = pass;
    co_return result;
  }
  base::Task<base::Result<void>> finish(suppression::PassKind kind, base::WallTime now) override {
    if (fails()) co_return full_disk();
    if (state.merging) {
      state.merging = false;
      co_return base::Result<void>();
    }
    auto [pass, rows] = std::move(passes.at(kind));
    passes.erase(kind);
    if (kind == suppression::PassKind::full) {
      current = std::move(rows);
      state.scope = pass.scope;
      state.last_full = now;
      state.doubt.reset();
    } else {
      for (auto& [key, entries] : rows) current[key] = entries;
    }
    state.last_good = now;
    state.changes_from = pass.started;
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> abandon(suppression::PassKind kind,
                                         std::optional<suppression::Doubt> doubt) override {
    if (fails()) co_return full_disk();
    passes.erase(kind);
    if (doubt) state.doubt = doubt;
    co_return base::Result<void>();
  }
  base::Task<base::Result<bool>> sweep() override {
    if (sweeps == 0) co_return false;
    --sweeps;
    co_return true;
  }
  base::Task<base::Result<void>> put_listed(suppression::Listed entry) override {
    if (fails()) co_return full_disk();
    current[mail::lookup_key(entry.address)] = {entry};
    co_return base::Result<void>();
  }
  base::Task<base::Result<suppression::Removed>> remove_everywhere(std::string address) override {
    if (fails()) co_return full_disk();
    suppression::Removed removed;
    removed.listed = current.erase(mail::lookup_key(address)) > 0;
    co_return removed;
  }
  base::Task<base::Result<std::vector<suppression::Listed>>> spellings(std::string address) override {
    const auto found = current.find(mail::lookup_key(address));
    if (found == current.end()) co_return std::vector<suppression::Listed>();
    co_return found->second;
  }
  void set_ses_time(std::function<base::WallTime()> now) override { ses_time = std::move(now); }

 private:
  bool fails() { return calls++ == failing_call; }
  static base::Error full_disk() { return base::fail(base::Errc::full, "suppression.db: no room"); }
};

}  // namespace postern::feedback::test
