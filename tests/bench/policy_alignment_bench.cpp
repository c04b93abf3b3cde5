// What alignment costs the loop for each message: a question that is known, one that is not (all DNS answers
// at hand: the CPU of 12 networks, both methods and both legs), and a DMARC record parsed.
#include <benchmark/benchmark.h>

#include <boost/asio/io_context.hpp>

#include "postern/policy/alignment.hpp"
#include "support/fake_resolver.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace postern::policy {
namespace {

struct World {
  World() {
    dns.remember_queries(false);
    std::string ses = "v=spf1";
    for (int i = 1; i <= 12; ++i) ses += " ip4:198.51." + std::to_string(i * 16) + ".0/20";
    dns.txt("amazonses.com", ses + " -all");
    dns.txt("example.com", "v=spf1 include:_spf.example.net include:amazonses.com -all");
    dns.txt("_spf.example.net", "v=spf1 ip4:192.0.2.0/24 -all");
    dns.txt("_dmarc.example.com", "v=DMARC1; p=reject; rua=mailto:dmarc@example.com");
    dns.txt("bounce.example.com", "v=spf1 include:amazonses.com ~all");
    dns.mx("bounce.example.com", 10, "feedback-smtp.eu-west-1.amazonses.com");
    AlignmentSettings all;
    all.mail_from_domain["example.com"] = "bounce.example.com";
    all.region = "eu-west-1";
    settings = std::make_shared<const AlignmentSettings>(all);
  }
  AssessmentPtr ask() { return support::run(loop, alignment.assess(settings, question)); }

  boost::asio::io_context loop;
  support::ManualClock clock;
  support::FakeResolver dns;
  std::shared_ptr<const AlignmentSettings> settings;
  const AlignmentQuestion question{"example.com", "news.example.com", "example.com"};
  Alignment alignment{dns, PublicSuffixes::builtin(), clock, loop.get_executor()};
};

void known_question(benchmark::State& state) {
  World world;
  world.ask();
  for (auto _ : state) benchmark::DoNotOptimize(world.alignment.known(*world.settings, world.question));
}
BENCHMARK(known_question)->Unit(benchmark::kNanosecond);

void new_question(benchmark::State& state) {
  World world;
  for (auto _ : state) {
    world.alignment.settings_changed();
    benchmark::DoNotOptimize(world.ask());
  }
}
BENCHMARK(new_question)->Unit(benchmark::kMicrosecond);

void record(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(
        parse_dmarc("v=DMARC1; p=reject; sp=none; adkim=r; aspf=r; pct=100; rua=mailto:dmarc@example.com"));
}
BENCHMARK(record)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace postern::policy

BENCHMARK_MAIN();
