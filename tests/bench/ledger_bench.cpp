// What a row of the ledger costs, written as the daemon does: many small groups, a waiter now and then; and
// how long searches take then.
#include <benchmark/benchmark.h>

#include "postern/base/random.hpp"
#include "postern/ledger/ledger.hpp"
#include "support/books.hpp"

namespace postern::ledger {
namespace {

base::SystemClock wall_clock;

Row make_row(base::Random& random) {
  Row row;
  row.arrived = row.time = wall_clock.wall_now();
  row.id = base::make_id(row.arrived, random);
  row.attempt = 1;
  row.from = "app@example.com";
  row.to = "user" + std::to_string(random.next() % 10'000'000) + "@example.net";
  row.stream = row.client = "127.0.0.1";
  row.size = 4096;
  row.relay = "email-smtp.ap-northeast-1.amazonaws.com[192.0.2.1]:587";
  row.dsn = "2.0.0";
  row.ses_id = "0106018f3f3f3f3f-11111111-2222-3333-4444-555555555555-000000";
  row.reply = "250 Ok " + row.ses_id;
  return row;
}

struct Fixture {
  support::Books books;
  base::SystemRandom random;
  std::unique_ptr<Ledger> ledger = std::move(
      Ledger::open(books.directory.path(), books.loop.get_executor(), books.disk, books.writer, books.log)
          .value());

  void write(std::size_t rows) {
    for (std::size_t i = 1; i < rows; ++i) ledger->record({make_row(random)});
    if (books.wait(ledger->record_and_wait({make_row(random)})).has_error()) std::abort();
  }
};

// The argument is how many rows are on their way at once.
void record(benchmark::State& state) {
  Fixture fixture;
  const auto group = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) fixture.write(group);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(record)->Arg(1)->Arg(20)->Arg(200)->MeasureProcessCPUTime()->UseRealTime();

// Among 200,000 rows.
void search(benchmark::State& state) {
  Fixture fixture;
  for (int i = 0; i < 200; ++i) fixture.write(1000);
  Query query;
  if (state.range(0) == 0) query.to = "nobody@example.net";
  if (state.range(0) == 1) query.from = "nobody@example.net";
  if (state.range(0) == 2) query.id = "0";
  for (auto _ : state) benchmark::DoNotOptimize(fixture.books.wait(fixture.ledger->search(query)));
  state.SetLabel(state.range(0) == 0 ? "to" : state.range(0) == 1 ? "from" : "id");
}
BENCHMARK(search)->Arg(0)->Arg(1)->Arg(2)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace postern::ledger

BENCHMARK_MAIN();
