// What the list is expected to show after any sequence of writes: the rules by themselves, as sets of keys.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "postern/suppression/sync_target.hpp"

namespace postern::suppression::test {

// Times are counted up by one millisecond, so all of a test is within the minute in which SES may list for a
// moment what was removed there.
class Model {
 public:
  std::int64_t tick() { return ++time_; }

  void add(const std::string& key) { own_.insert(key); }
  void remove(const std::string& key, std::int64_t at) {
    own_.erase(key);
    current_.erase(key);
    if (full_) full_->erase(key);
    removed_[key] = at;
  }
  void put_listed(const std::string& key) {
    current_.insert(key);
    if (full_) full_->insert(key);
    removed_.erase(key);
  }
  void begin(PassKind kind) {
    abandon(kind);
    if (kind == PassKind::full) full_.emplace();
  }
  void page(PassKind kind, const std::string& key, std::int64_t since) { pages_[kind][key] = since; }
  void abandon(PassKind kind) {
    pages_[kind].clear();
    if (kind == PassKind::full) full_.reset();
  }
  void merged(PassKind kind) {
    for (const auto& [key, since] : pages_[kind]) {
      if (removed_.contains(key) && removed_[key] >= since) continue;
      if (full_) full_->insert(key);
      if (kind == PassKind::changes) current_.insert(key);
    }
    pages_[kind].clear();
  }
  void switch_over() {
    current_ = *full_;
    full_.reset();
  }

  bool visible(const std::string& key) const { return own_.contains(key) || current_.contains(key); }

 private:
  std::int64_t time_ = 1'700'000'000'000;
  std::set<std::string> own_, current_;
  std::optional<std::set<std::string>> full_;  // the generation of a full pass, as far as it is merged
  std::map<std::string, std::int64_t> removed_;
  std::map<PassKind, std::map<std::string, std::int64_t>> pages_;
};

}  // namespace postern::suppression::test
