// The suppression list by size: look-ups on the disk and through the prefilter, the gate's question, start,
// memory, and a full pass of a million entries as it goes through the store. Prints each figure with its
// goal. suppression_bench [--ten-million]
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <fstream>

#include "postern/mail/address.hpp"
#include "postern/policy/gate.hpp"
#include "postern/suppression/list.hpp"
#include "postern/suppression/sync_target.hpp"
#include "support/books.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration took) {
  return std::chrono::duration<double, std::milli>(took).count();
}

void say(std::string_view what, double value, std::string_view unit, std::string_view goal) {
  fmt::print("{:<64} {:>12.2f} {:<8} {}\n", what, value, unit, goal);
  std::fflush(stdout);
}

std::uint64_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  status >> total >> resident;
  return resident * 4096;
}

// Addresses without an order, as SES gives them, and each of them known by its number.
std::string address(std::uint64_t number) {
  std::uint64_t mixed = number * 0x9E3779B97F4A7C15u;
  mixed ^= mixed >> 29;
  return fmt::format("user{:x}.{}@customer{}.example.com", mixed & 0xffffff, number, mixed >> 54);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double percentile(std::vector<double> values, double part) {
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

struct Opened {
  std::string directory;
  support::Books books;
  std::unique_ptr<List> list;

  explicit Opened(std::string path, LookUps expected = LookUps::many) : directory(std::move(path)) {
    list = std::move(List::open(directory, books.loop.get_executor(), books.disk, books.writer, books.log,
                                books.metrics, expected)
                         .value());
  }
  SyncTarget& sync() { return *list->sync_target(); }
  std::uint64_t answered(const char* from) {
    return books.metrics.counter("postern_suppression_lookups_total", "", {{"answered", from}}).value();
  }
  void wait_for_filter() {
    while (answered("memory") == 0) {
      books.wait(list->find("nobody.has.this@example.net"));
      books.loop.run_for(std::chrono::milliseconds(1));
    }
  }
};

template <class T>
T must(base::Result<T> result) {
  if (result.has_value()) return std::move(*result);
  fmt::print("failed: {}\n", result.error().message);
  std::exit(1);
}
void must(const base::Result<void>& result) {
  if (result.has_value()) return;
  fmt::print("failed: {}\n", result.error().message);
  std::exit(1);
}

base::Task<base::Result<void>> full_pass(SyncTarget& sync, std::uint64_t entries, std::uint64_t& loaded) {
  const base::WallTime now = base::SystemClock().wall_now();
  const std::string scope = "bench";
  auto begun = co_await sync.begin(PassKind::full, scope, now);
  if (begun.has_error()) co_return begun.error();
  for (loaded = 0; loaded < entries;) {
    Page page;
    page.when = now;
    for (int i = 0; i < 1000; ++i) page.entries.push_back({address(loaded++), "BOUNCE", now});
    if (loaded < entries) page.next_token = "next";
    auto added = co_await sync.add_page(PassKind::full, std::move(page));
    if (added.has_error()) co_return added.error();
  }
  auto finished = co_await sync.finish(PassKind::full, now);
  co_return finished;
}

void say_both(const std::string& what, const std::vector<double>& values, std::string_view goal) {
  say(what + ", p50", percentile(values, 0.5), "us", "");
  say(what + ", p99", percentile(values, 0.99), "us", goal);
}

constexpr std::uint64_t questions = 20'000;

// Each number twice, so that what is measured the second time is warm.
template <class Ask>
void warm(const std::string& what, std::string_view goal,
          std::uint64_t (*number)(std::uint64_t, std::uint64_t), std::uint64_t entries, Ask ask) {
  std::vector<double> took;
  for (int round = 0; round < 2; ++round) {
    took.clear();
    for (std::uint64_t i = 0; i < questions; ++i) took.push_back(ask(number(i, entries)));
  }
  say_both(what, took, goal);
}

std::uint64_t hit(std::uint64_t i, std::uint64_t entries) {
  return i * 7919 % entries;
}
std::uint64_t miss(std::uint64_t i, std::uint64_t entries) {
  return entries + i;
}

template <class Look>
double timed(Look look) {
  const auto began = Clock::now();
  look();
  return milliseconds(Clock::now() - began) * 1000;
}

void expect(bool right, std::string_view key) {
  if (right) return;
  fmt::print("wrong answer for {}\n", key);
  std::exit(1);
}

// The look-up itself, without a hop between threads.
void look_ups(const std::string& directory, std::uint64_t entries) {
  auto store = must(Store::open(directory));
  const auto on_disk = [&](std::uint64_t number) {
    const std::string key = mail::lookup_key(address(number));
    bool found = false;
    const double took = timed([&] { found = must(store->find(key)).has_value(); });
    expect(found == (number < entries), key);
    return took;
  };
  warm(fmt::format("look-up on the disk, {} entries, listed", entries), "< 10", hit, entries, on_disk);
  warm(fmt::format("look-up on the disk, {} entries, not listed", entries), "< 10", miss, entries, on_disk);
  must(store->begin_filter());
  const auto began = Clock::now();
  const double cpu = cpu_seconds();
  while (must(store->scan_for_filter(2000))) continue;
  say("filter built by one thread alone", milliseconds(Clock::now() - began), "ms", "");
  say("  CPU of it", (cpu_seconds() - cpu) * 1000, "ms", "");
  store->serve_filter();
  std::uint64_t kept = 0, asked = 0;
  const auto through_filter = [&](std::uint64_t number) {
    const std::string key = mail::lookup_key(address(number));
    bool found = false, excluded = false;
    const double took = timed([&] {
      excluded = store->prefilter().excludes(key);
      if (!excluded) found = must(store->find(key)).has_value();
    });
    expect(found == (number < entries), key);
    kept += excluded ? 0 : 1;
    ++asked;
    return took;
  };
  warm(fmt::format("look-up, {} entries, listed", entries), "< 10", hit, entries, through_filter);
  kept = asked = 0;
  warm(fmt::format("look-up, {} entries, not listed", entries), "< 10", miss, entries, through_filter);
  say("  of these kept by the filter", 100.0 * static_cast<double>(kept) / static_cast<double>(asked), "%",
      "about 1");
}

// As the gate asks: find() on the loop, with a hop to the disk pool where the filter has no answer.
void find_calls(Opened& opened, std::uint64_t entries, const std::string& how) {
  for (const bool listed : {true, false}) {
    std::vector<double> took;
    auto many = [&opened, &took, entries, listed]() -> base::Task<int> {
      for (std::uint64_t i = 0; i < 2 * questions; ++i) {
        std::string one = address((listed ? hit : miss)(i % questions, entries));
        const auto began = Clock::now();
        const auto found = co_await opened.list->find(std::move(one));
        if (i >= questions) took.push_back(milliseconds(Clock::now() - began) * 1000);
        if (found.has_error() || found->has_value() != listed) std::exit(1);
      }
      co_return 0;
    };
    opened.books.wait(many());
    say_both(fmt::format("find() {}, {} entries, {}", how, entries, listed ? "listed" : "not listed"), took,
             "");
  }
}

void gate_calls(Opened& opened, std::uint64_t entries, const std::string& how) {
  policy::Gate gate(*opened.list, opened.books.clock, opened.books.metrics);
  const auto settings = std::make_shared<const policy::Settings>();
  std::vector<double> took;
  auto many = [&gate, &took, settings, entries]() -> base::Task<int> {
    for (std::uint64_t i = 0; i < questions; ++i) {
      std::string one = address(miss(i, entries));
      const auto began = Clock::now();
      const auto verdict = co_await gate.check_recipient(settings, std::move(one));
      took.push_back(milliseconds(Clock::now() - began) * 1000);
      if (verdict.kind != policy::Verdict::Kind::keep) std::exit(1);
    }
    co_return 0;
  };
  opened.books.wait(many());
  say_both(fmt::format("gate {}, {} entries, not listed", how, entries), took, "");
}

void open_time(const std::string& directory, std::uint64_t entries, LookUps expected) {
  const bool filtered = expected == LookUps::many;
  const std::string how = filtered ? "with filter" : "without filter";
  malloc_trim(0);
  const auto before = resident_bytes();
  const auto began = Clock::now();
  Opened opened(directory, expected);
  const double took = milliseconds(Clock::now() - began);
  if (opened.list->size() != entries) std::exit(1);
  say(fmt::format("start {}, {} entries (books and threads of the bench too)", how, entries), took, "ms",
      "< 200");
  if (filtered) {
    opened.wait_for_filter();
    say("  from there until the filter serves", milliseconds(Clock::now() - began) - took, "ms", "");
  }
  find_calls(opened, entries, how);
  gate_calls(opened, entries, how);
  malloc_trim(0);
  const auto gained = static_cast<double>(resident_bytes()) - static_cast<double>(before);
  say(fmt::format("memory {}, {} entries, after all look-ups", how, entries), gained / 1e6, "MB", "");
  say("  an entry", gained / static_cast<double>(entries), "bytes", "<= 2");
}

// A full pass with nothing to hold it back; SES allows one page a second.
void load(const std::string& directory, std::uint64_t entries) {
  Opened opened(directory);
  const auto before = resident_bytes();
  std::uint64_t loaded = 0;
  // How long others wait for the books writer, asked all the time.
  std::vector<double> waits;
  bool ended = false;
  auto probe = [&]() {
    const auto began = Clock::now();
    opened.books.writer.post([&waits, began] { waits.push_back(milliseconds(Clock::now() - began)); });
  };
  auto pass = [&]() -> base::Task<void> {
    const auto done = co_await full_pass(opened.sync(), entries, loaded);
    must(done);
    ended = true;
  };
  const double cpu = cpu_seconds();
  const auto began = Clock::now();
  boost::asio::co_spawn(opened.books.loop, pass(), [](std::exception_ptr) {});
  while (!ended) {
    probe();
    opened.books.loop.run_for(std::chrono::milliseconds(5));
  }
  const double took = milliseconds(Clock::now() - began);
  say(fmt::format("full pass of {} entries through the store", entries), took / 1000, "s", "");
  say("  rate (SES gives 1000)", static_cast<double>(entries) / took * 1000, "entries/s", "");
  say("  CPU of it, of a second of SES's pace", (cpu_seconds() - cpu) / static_cast<double>(entries) * 1e6,
      "ms", "");
  say("  wait for the books writer meanwhile, p50", percentile(waits, 0.5), "ms", "");
  say("  wait for the books writer meanwhile, p99", percentile(waits, 0.99), "ms", "");
  say("  wait for the books writer meanwhile, longest", percentile(waits, 1), "ms", "");
  say("  memory gained by it",
      static_cast<double>(resident_bytes() - std::min(before, resident_bytes())) / 1e6, "MB", "constant");
}

void sweep(const std::string& directory) {
  Opened opened(directory);
  const auto began = Clock::now();
  double longest = 0;
  int slices = 0;
  for (bool more = true; more; ++slices) {
    const auto slice = Clock::now();
    more = must(opened.books.wait(opened.sync().sweep()));
    longest = std::max(longest, milliseconds(Clock::now() - slice));
  }
  say(fmt::format("sweep of the old generation, {} slices", slices),
      milliseconds(Clock::now() - began) / 1000, "s", "");
  say("  longest slice", longest, "ms", "< 20");
}

void size_of(std::uint64_t entries, bool again) {
  const support::TempDir directory;
  load(directory.path(), entries);
  look_ups(directory.path(), entries);
  open_time(directory.path(), entries, LookUps::few);
  open_time(directory.path(), entries, LookUps::many);
  if (!again) return;
  load(directory.path(), entries);
  sweep(directory.path());
  open_time(directory.path(), entries, LookUps::many);
}

}  // namespace
}  // namespace postern::suppression

int main(int argc, char** argv) {
  const bool ten_million = argc > 1 && std::string_view(argv[1]) == "--ten-million";
  postern::suppression::size_of(10'000, false);
  postern::suppression::size_of(1'000'000, true);
  if (ten_million) postern::suppression::size_of(10'000'000, false);
}
