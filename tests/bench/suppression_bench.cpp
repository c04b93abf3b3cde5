// A look-up in a list of 100,000 addresses, hop to the disk pool and back included; an empty list; import.
#include <benchmark/benchmark.h>

#include "postern/suppression/list.hpp"
#include "support/books.hpp"

namespace postern::suppression {
namespace {

struct Fixture {
  support::Books books;
  std::unique_ptr<List> list = std::move(List::open(books.directory.path(), books.loop.get_executor(),
                                                    books.disk, books.writer, books.log, books.metrics)
                                             .value());

  void import(int entries) {
    std::vector<Entry> all;
    for (int i = 0; i < entries; ++i)
      all.push_back(
          {"user" + std::to_string(i) + "@example.com", "BOUNCE", "import", books.clock.wall_now()});
    if (books.wait(list->import(std::move(all))).has_error()) std::abort();
  }
};

base::Task<int> find_many(List& list, int count) {
  int found = 0;
  for (int i = 0; i < count; ++i) {
    const auto entry = co_await list.find("User" + std::to_string((i * 7919) % 200'000) + "@example.com");
    found += entry.has_value() && entry->has_value() ? 1 : 0;
  }
  co_return found;
}

void find(benchmark::State& state) {
  Fixture fixture;
  if (state.range(0) > 0) fixture.import(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(fixture.books.wait(find_many(*fixture.list, 1000)));
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(find)->Arg(0)->Arg(100'000)->MeasureProcessCPUTime()->UseRealTime();

void import(benchmark::State& state) {
  for (auto _ : state) {
    Fixture fixture;
    fixture.import(static_cast<int>(state.range(0)));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(import)->Arg(100'000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace postern::suppression

BENCHMARK_MAIN();
