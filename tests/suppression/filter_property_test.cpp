// Every kind of write in random order, with filters begun, read for and put into service between any two
// slices: a look-up through the filter has to give what the disk gives, and the disk what the rules say.
#include <gtest/gtest.h>

#include "postern/base/random.hpp"
#include "postern/mail/address.hpp"
#include "support/temp_dir.hpp"
#include "suppression/filter_model.hpp"
#include "suppression/store.hpp"

namespace postern::suppression::test {
namespace {

class Modelled {
 public:
  explicit Modelled(std::uint64_t seed) : random_(seed) { reopen(); }

  void step() {
    if (merging_ ? below(3) == 0 : below(2) == 0) return write_own();
    const auto chance = below(100);
    if (chance < 3) return reopen();
    if (chance < 10) return sweep();
    if (merging_) return merge_slice();
    if (cut_) return begin_merge(*cut_);
    pass_step(below(2) == 0 ? PassKind::full : PassKind::changes);
  }

  // At any step, not only when it is due.
  void step_of_filter() {
    if (!reading_) {
      must(store_->begin_filter());
      reading_ = true;
    } else if (below(40) == 0) {
      store_->give_up_filter();
      reading_ = false;
    } else if (!must(store_->scan_for_filter(1 + below(200)))) {
      store_->serve_filter();
      reading_ = false;
      ++served_;
    }
  }

  void check(std::uint64_t keys) {
    while (keys-- > 0) check_one(mail::lookup_key(name(below(universe))));
  }
  void check_all() {
    for (std::uint64_t i = 0; i < universe; ++i) check_one(mail::lookup_key(name(i)));
  }
  int served() const { return served_; }
  int excluded() const { return excluded_; }

 private:
  static constexpr std::uint64_t universe = 700;

  struct Passing {
    bool begun = false, ended = false;
  };

  template <class T>
  T must(base::Result<T> done) {
    if (done.has_error()) throw std::runtime_error(done.error().message);
    return std::move(*done);
  }
  void must(const base::Result<void>& done) {
    if (done.has_error()) throw std::runtime_error(done.error().message);
  }
  std::uint64_t below(std::uint64_t bound) { return random_.next() % bound; }
  static std::string name(std::uint64_t number) { return "user" + std::to_string(number) + "@example.com"; }
  // The same address in one of two spellings.
  std::string some() { return (below(2) == 0 ? "U" : "u") + name(below(universe)).substr(1); }
  base::WallTime at(std::int64_t tick) const { return base::WallTime(std::chrono::milliseconds(tick)); }

  void write_own() {
    const std::string address = some(), key = mail::lookup_key(address);
    const auto now = model_.tick();
    switch (below(8)) {
      case 0:
        return import();
      case 1:
      case 2:
        model_.add(key);
        return must(put({{address, "MANUAL", "manual", at(now)}}));
      case 3:
        model_.put_listed(key);
        return must(store_->put_listed(*row_of({address, "COMPLAINT", at(now)})));
      default:
        model_.remove(key, now);
        must(store_->remove(key, at(now)));
    }
  }
  base::Result<void> put(const std::vector<Entry>& entries) {
    const auto done = store_->put(entries);
    if (done.has_error()) return done.error();
    return {};
  }
  void import() {
    std::vector<Entry> entries;
    for (auto count = below(60); count > 0; --count) {
      entries.push_back({some(), "BOUNCE", "import", at(model_.tick())});
      model_.add(mail::lookup_key(entries.back().address));
    }
    must(put(entries));
  }

  void pass_step(PassKind kind) {
    auto& pass = passes_[kind];
    if (!pass.begun || below(20) == 0) {
      must(store_->begin(kind, "here", at(model_.tick())));
      model_.begin(kind);
      pass = {true, false};
    } else if (below(20) == 0) {
      must(store_->abandon(kind, std::nullopt));
      model_.abandon(kind);
      pass = {};
    } else if (!pass.ended) {
      page(kind, pass);
    } else {
      begin_merge(kind);
    }
  }
  void begin_merge(PassKind kind) {
    merging_.emplace(kind, Merge(must(store_->begin_finish(kind))));
    cut_.reset();
  }
  void sweep() { must(store_->sweep_some()); }
  void page(PassKind kind, Passing& pass) {
    std::map<std::string, ListedRow> rows;  // in the order of the keys, as a run has to be
    for (auto count = below(300); count > 0; --count) {
      auto row = *row_of({some(), "BOUNCE", at(model_.tick())});
      model_.page(kind, row.key, row.since);
      rows.insert_or_assign(row.key, std::move(row));
    }
    std::vector<ListedRow> sorted;
    for (auto& [key, row] : rows) sorted.push_back(std::move(row));
    pass.ended = below(3) == 0;
    const PageEnd end{pass.ended ? "" : "next", at(model_.tick()), sorted.size(), 0, false};
    std::int64_t run = 0;
    must(store_->add(kind, run, sorted, &end));
  }
  void merge_slice() {
    auto& [kind, merge] = *merging_;
    if (must(store_->merge_some(kind, merge, at(model_.tick())))) return;
    model_.merged(kind);
    if (kind == PassKind::full) {
      must(store_->switch_over(at(model_.tick())));
      model_.switch_over();
    }
    passes_[kind] = {};
    merging_.reset();
  }

  // What was being merged is merged anew, from the start and before anything else of a pass.
  void reopen() {
    if (merging_) cut_ = merging_->first;
    store_.reset();
    store_ = Store::open(directory_.path()).value();
    merging_.reset();
    reading_ = false;
  }

  void check_one(const std::string& key) {
    const bool on_disk = must(store_->find(key)).has_value();
    const bool excluded = store_->prefilter().excludes(key);
    excluded_ += excluded ? 1 : 0;
    EXPECT_FALSE(excluded && on_disk) << key;
    const bool changing = cut_ == PassKind::changes || (merging_ && merging_->first == PassKind::changes);
    if (!changing) {  // else some of the changes are in force
      EXPECT_EQ(on_disk, model_.visible(key)) << key;
    }
  }

  support::TempDir directory_;
  base::SeededRandom random_;
  Model model_;
  std::shared_ptr<Store> store_;
  std::map<PassKind, Passing> passes_;
  std::optional<std::pair<PassKind, Merge>> merging_;
  std::optional<PassKind> cut_;
  bool reading_ = false;
  int served_ = 0, excluded_ = 0;
};

class FilterProperty : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FilterProperty, a_look_up_through_the_filter_gives_what_the_disk_gives_after_any_writes) {
  Modelled list(GetParam());
  for (int i = 0; i < 600 && !HasFailure(); ++i) {
    list.step();
    list.check(10);
    list.step_of_filter();
    list.check(10);
    if (i % 100 == 0) list.check_all();
  }
  list.check_all();
  EXPECT_GT(list.served(), 25);
  EXPECT_GT(list.excluded(), 1000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FilterProperty, testing::Range(std::uint64_t{1}, std::uint64_t{5}));

}  // namespace
}  // namespace postern::suppression::test
