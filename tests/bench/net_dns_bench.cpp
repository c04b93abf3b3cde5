// Queries of the policies' resolver: warm (the name is in the cache; one name, and as many as the cache
// holds), and cold over loopback, one after the other and a hundred at a time, the server's work included.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "net/fake_dns.hpp"
#include "support/run.hpp"

namespace postern::net {
namespace {

struct Fixture {
  boost::asio::io_context loop;
  base::SystemClock clock;
  FakeDns dns{loop};
  std::unique_ptr<CaresResolver> resolver;

  explicit Fixture(std::size_t cached) {
    DnsCacheOptions cache;
    cache.entries = cached;
    cache.max_ttl = std::chrono::hours(1);
    const DnsOptions options{{dns.address()}};
    resolver = std::move(CaresResolver::create(loop.get_executor(), clock, options, cache).value());
  }
  std::string name(int number) {
    auto out = "n" + std::to_string(number) + ".example.com";
    dns.scripts[out] = [](const DnsQuery& query) {
      return query.reply()
          .record(dns_pointer(12), 16, 3600, dns_strings({"v=spf1 include:amazonses.com -all"}))
          .bytes();
    };
    return out;
  }
  std::vector<std::string> names(int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back(name(i));
    return out;
  }
};

base::Task<int> ask_all(Resolver& resolver, const std::vector<std::string>& names, int rounds) {
  int found = 0;
  for (int i = 0; i < rounds; ++i) {
    for (const auto& name : names) {
      auto answer = co_await resolver.query(name, DnsType::txt);
      found += answer && (*answer)->texts.size() == 1 ? 1 : 0;
    }
  }
  co_return found;
}

void expect(int got, int wanted) {
  if (got != wanted) std::abort();
}

void warm(benchmark::State& state) {
  Fixture fixture(10'000);
  const int count = static_cast<int>(state.range(0));
  const int rounds = 100'000 / count;
  const auto names = fixture.names(count);
  expect(support::run(fixture.loop, ask_all(*fixture.resolver, names, 1)), count);
  for (auto _ : state)
    expect(support::run(fixture.loop, ask_all(*fixture.resolver, names, rounds)), rounds * count);
  if (fixture.dns.queries != count) std::abort();
  state.SetItemsProcessed(state.iterations() * rounds * count);
}
BENCHMARK(warm)->Arg(1)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond)->UseRealTime();

void cold(benchmark::State& state) {
  Fixture fixture(0);
  const auto names = fixture.names(1000);
  for (auto _ : state) expect(support::run(fixture.loop, ask_all(*fixture.resolver, names, 1)), 1000);
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(cold)->Unit(benchmark::kMillisecond)->UseRealTime();

void cold_hundred_at_a_time(benchmark::State& state) {
  Fixture fixture(0);
  const auto names = fixture.names(1000);
  for (auto _ : state) {
    int pending = 0;
    for (const auto& name : names) {
      ++pending;
      boost::asio::co_spawn(fixture.loop, fixture.resolver->query(name, DnsType::txt),
                            [&pending](std::exception_ptr, base::Result<DnsAnswerPtr> answer) {
                              expect(answer.has_value() ? 1 : 0, 1);
                              --pending;
                            });
      fixture.loop.restart();
      while (pending >= 100) fixture.loop.run_one();
    }
    while (pending > 0) fixture.loop.run_one();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(cold_hundred_at_a_time)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace postern::net

BENCHMARK_MAIN();
