// What holds the books writer during a full pass, by kind of slice, beside what the bare disk takes for the
// same syncs in the same minute. The pass is the one of StoredList, without its hops.
// suppression_slices_bench [entries]
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "postern/suppression/list.hpp"
#include "support/temp_dir.hpp"
#include "suppression/merge.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {
namespace {

const base::SystemClock wall_clock;

template <class T>
T must(base::Result<T> result) {
  if (result.has_value()) return std::move(*result);
  fmt::print("failed: {}\n", result.error().message);
  std::exit(1);
}

void must(bool good, std::string_view what) {
  if (good) return;
  fmt::print("failed: {}\n", what);
  std::exit(1);
}

class Times {
 public:
  template <class Work>
  auto of(const std::string& kind, Work work) {
    const auto began = wall_clock.steady_now();
    auto done = work();
    add(kind, began);
    return done;
  }
  void add(const std::string& kind, base::SteadyTime began) {
    const std::chrono::duration<double, std::milli> took = wall_clock.steady_now() - began;
    kinds_[kind].push_back(took.count());
  }
  void print() {
    fmt::print("{:<34} {:>8} {:>9} {:>9} {:>9} {:>9} {:>7}\n", "milliseconds", "slices", "p50", "p99",
               "p99.9", "longest", "> 20");
    for (auto& [kind, times] : kinds_) {
      std::ranges::sort(times);
      const auto part = [&times](double p) {
        return times[static_cast<std::size_t>(p * static_cast<double>(times.size() - 1))];
      };
      fmt::print("{:<34} {:>8} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>7}\n", kind, times.size(), part(0.5),
                 part(0.99), part(0.999), times.back(),
                 std::ranges::count_if(times, [](double t) { return t > 20; }));
    }
    std::fflush(stdout);
  }

 private:
  std::map<std::string, std::vector<double>> kinds_;
};

// The disk without SQLite: pages written where chance wants them in a file of the database's size, then
// synced.
class BareDisk {
 public:
  BareDisk(const std::string& path, std::uint64_t pages)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)), pages_(pages) {
    for (std::uint64_t at = 0; at < pages; ++at) write(at);
    must(::fsync(file_) == 0, "fsync");
  }
  ~BareDisk() { ::close(file_); }
  BareDisk(const BareDisk&) = delete;
  BareDisk& operator=(const BareDisk&) = delete;

  void sync_scattered(Times& times, int pages) {
    for (int i = 0; i < pages; ++i) write(random_() % pages_);
    const auto began = wall_clock.steady_now();
    must(::fsync(file_) == 0, "fsync");
    times.add(fmt::format("bare fsync of {:>4} scattered pages", pages), began);
  }

 private:
  void write(std::uint64_t page) {
    page_[0] = static_cast<char>(random_());
    must(::pwrite(file_, page_.data(), page_.size(), static_cast<off_t>(page * 4096)) == 4096, "pwrite");
  }

  int file_;
  std::uint64_t pages_;
  std::mt19937_64 random_{7};
  std::string page_ = std::string(4096, 'x');
};

class Pass {
 public:
  Pass(Store& store, Times& times, BareDisk& disk) : store_(store), times_(times), disk_(disk) {}

  void load(std::uint64_t entries) {
    must(store_.begin(PassKind::full, "bench", now_).has_value(), "begin");
    for (std::uint64_t loaded = 0; loaded < entries; loaded += 1000) {
      page(loaded, loaded + 1000 >= entries);
      merge_crowded();
      if (loaded % 20'000 == 0)
        for (const int pages : {1, 32, 100, 300, 1000}) disk_.sync_scattered(times_, pages);
    }
  }
  void finish() {
    auto runs = must(store_.begin_finish(PassKind::full));
    Merge merge(runs);
    to_the_end("merge into the list", [&] { return store_.merge_some(PassKind::full, merge, now_); });
    times_.of("switch over", [this] {
      must(store_.switch_over(now_).has_value(), "switch_over");
      return true;
    });
  }
  void sweep() {
    to_the_end("sweep", [this] { return store_.sweep_some(); });
  }

 private:
  template <class Step>
  auto timed(const char* kind, Step step) {
    store_.slice().begin();
    auto done = must(times_.of(kind, step));
    store_.slice().end();
    const auto began = wall_clock.steady_now();
    if (store_.checkpoint_if_due()) times_.add("checkpoint", began);
    return done;
  }
  void page(std::uint64_t first, bool last) {
    std::vector<ListedRow> rows;
    for (std::uint64_t i = first; i < first + 1000; ++i)
      rows.push_back(*row_of({address(i), "BOUNCE", now_}));
    std::ranges::sort(rows, {}, &ListedRow::key);
    const PageEnd end{last ? "" : "next", now_, rows.size(), 0, false};
    std::int64_t run = 0;
    for (std::span<const ListedRow> rest(rows); !rest.empty();) {
      const auto slice = rest.first(std::min(store_.slice().size(), rest.size()));
      rest = rest.subspan(slice.size());
      timed("page", [&] { return store_.add(PassKind::full, run, slice, rest.empty() ? &end : nullptr); });
    }
  }
  void merge_crowded() {
    for (auto runs = must(store_.crowded_runs(PassKind::full)); !runs.empty();
         runs = must(store_.crowded_runs(PassKind::full))) {
      Merge merge(runs);
      std::int64_t into = 0;
      to_the_end("merge of runs", [&] { return store_.merge_runs(merge, into, runs); });
      to_the_end("erase", [this] { return store_.erase_stale(); });
    }
  }
  template <class Step>
  void to_the_end(const char* kind, Step step) {
    while (timed(kind, step)) {
    }
  }
  static std::string address(std::uint64_t number) {
    std::uint64_t mixed = number * 0x9E3779B97F4A7C15u;
    mixed ^= mixed >> 29;
    return fmt::format("user{:x}.{}@customer{}.example.com", mixed & 0xffffff, number, mixed >> 54);
  }

  Store& store_;
  Times& times_;
  BareDisk& disk_;
  const base::WallTime now_ = wall_clock.wall_now();
};

void measure(std::uint64_t entries) {
  const support::TempDir directory;
  auto store = must(Store::open(directory.path()));
  BareDisk disk(directory.file("bare"), entries / 50);  // a million entries are some 20,000 pages
  for (const char* which : {"first pass", "second pass, over the first"}) {
    Times times;
    Pass pass(*store, times, disk);
    const auto began = wall_clock.steady_now();
    pass.load(entries);
    pass.finish();
    pass.sweep();
    const std::chrono::duration<double> took = wall_clock.steady_now() - began;
    fmt::print("{}: {} entries in {:.1f} s\n", which, store->size(), took.count());
    times.print();
  }
}

}  // namespace
}  // namespace postern::suppression

int main(int argc, char** argv) {
  postern::suppression::measure(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000);
}
