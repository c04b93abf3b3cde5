// Evaluations of SPF a second over the zone of spf_zone.json: "memory" from a resolver that has it in memory,
// and with POSTERN_SPF_DNS=address:port (a server of the same zone, spf_peers.py starts one) "warm" from the
// cache of the real resolver and "cold" over the wire.
#include <benchmark/benchmark.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "postern/policy/spf.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

namespace postern::policy {
namespace {

namespace json = boost::json;

const json::object& zone_file() {
  static const json::object zone = [] {
    std::ifstream file(POSTERN_SOURCE_DIR "/tests/bench/spf_zone.json");
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {})).as_object();
  }();
  return zone;
}

std::string text(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

void fill(support::FakeResolver& zone) {
  zone.remember_queries(false);
  for (const auto& each : zone_file().at("zone").as_array()) {
    const auto& record = each.as_object();
    const auto name = text(record, "name");
    const auto type = text(record, "type");
    if (type == "TXT") {
      std::string joined;
      for (const auto& part : record.at("strings").as_array()) joined += std::string_view(part.as_string());
      zone.txt(name, joined);
    } else if (type == "MX") {
      zone.mx(name, json::value_to<std::uint16_t>(record.at("preference")), text(record, "exchange"));
    } else {
      zone.a(name, text(record, "address"));
    }
  }
}

SpfQuery query_of(const json::object& question) {
  SpfQuery query;
  query.ip = net::IpAddress::parse(text(question, "ip")).value();
  query.sender = text(question, "sender");
  query.domain = query.sender.substr(query.sender.find('@') + 1);
  query.helo = text(question, "helo");
  return query;
}

// How many of the evaluations came to the expected result.
base::Task<int> evaluate(net::Resolver& resolver, SpfQuery query, int times, SpfResult expected) {
  int right = 0;
  for (int i = 0; i < times; ++i) {
    const auto report = co_await check_host(resolver, query);
    right += report.result == expected ? 1 : 0;
  }
  co_return right;
}

void measure(benchmark::State& state, boost::asio::io_context& loop, net::Resolver& resolver,
             const json::object& question, int batch) {
  const auto query = query_of(question);
  const auto expected = text(question, "result") == "pass" ? SpfResult::pass : SpfResult::softfail;
  for (auto _ : state) {
    if (support::run(loop, evaluate(resolver, query, batch, expected)) != batch)
      throw std::runtime_error("another result than the expected one");
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

void in_memory(benchmark::State& state, const json::object& question) {
  boost::asio::io_context loop;
  support::FakeResolver zone;
  fill(zone);
  measure(state, loop, zone, question, 100);
}

void over_dns(benchmark::State& state, const json::object& question, const char* server, bool cached) {
  boost::asio::io_context loop;
  base::SystemClock clock;
  net::DnsOptions options;
  options.servers = {server};
  net::DnsCacheOptions cache;
  if (!cached) cache.entries = 0;
  auto resolver = std::move(net::CaresResolver::create(loop.get_executor(), clock, options, cache).value());
  measure(state, loop, *resolver, question, cached ? 100 : 10);
  resolver->stop();
}

// CPU time where nothing waits, so that a busy machine does not count; over the wire the wall clock.
void add(const std::string& name, auto bench) {
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), bench);
  if (name.starts_with("cold/")) registered->UseRealTime();
}

void add_benches() {
  const char* server = std::getenv("POSTERN_SPF_DNS");
  for (const auto& each : zone_file().at("questions").as_array()) {
    const auto& question = each.as_object();
    const auto name = text(question, "name");
    add("memory/" + name, [&question](benchmark::State& state) { in_memory(state, question); });
    if (server == nullptr) continue;
    for (const bool cached : {true, false})
      add((cached ? "warm/" : "cold/") + name, [&question, server, cached](benchmark::State& state) {
        over_dns(state, question, server, cached);
      });
  }
}

}  // namespace
}  // namespace postern::policy

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  postern::policy::add_benches();
  benchmark::RunSpecifiedBenchmarks();
}
