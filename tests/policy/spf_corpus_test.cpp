// SPF cases of several implementations in one format, and records that a fuzzer found. POSTERN_CORPORA names
// the folder.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "spf_cases.hpp"

namespace postern::policy {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

fs::path folder() {
  const char* named = std::getenv("POSTERN_CORPORA");
  return fs::path(named != nullptr ? named : POSTERN_SOURCE_DIR "/../shared/corpora") / "spf";
}

json::object load(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return json::parse(text).as_object();
}

std::string text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> out;
  for (const auto& each : list.as_array()) out.emplace_back(each.as_string());
  return out;
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

void add_record(support::FakeResolver& zone, const json::object& record) {
  const auto name = text(record, "name");
  const auto type = text(record, "type");
  if (type == "TXT") {
    std::string joined;
    for (const auto& each : texts(record.at("hex"))) joined += from_hex(each);
    zone.txt(name, joined);
  } else if (type == "MX") {
    zone.mx(name, json::value_to<std::uint16_t>(record.at("preference")), text(record, "exchange"));
  } else if (type == "PTR") {
    zone.ptr(name, text(record, "target"));
  } else if (type == "CNAME") {
    zone.cname(name, text(record, "target"));
  } else if (type != "SPF") {  // of RFC 4408, which nobody asks for any more
    zone.a(name, text(record, "address_canonical"));
  }
}

void misbehave(support::FakeResolver& zone, const json::object& rule) {
  const auto name = text(rule, "name");
  const auto action = text(rule, "action");
  const auto except = texts(rule.at("except_types"));
  ASSERT_TRUE(text(rule, "types") == "*" && (action == "timeout" || action == "servfail")) << name;
  for (const auto& [word, type] : {std::pair{"A", net::DnsType::a},
                                   {"AAAA", net::DnsType::aaaa},
                                   {"MX", net::DnsType::mx},
                                   {"PTR", net::DnsType::ptr},
                                   {"TXT", net::DnsType::txt}}) {
    if (std::ranges::find(except, word) != except.end()) continue;
    action == "timeout" ? zone.timeout(name, type) : zone.servfail(name, type);
  }
}

SpfCase case_of(const std::string& file, const json::object& test) {
  SpfCase out;
  out.id = file + " " + text(test, "id");
  out.helo = text(test, "helo");
  out.host = text(test, "host");
  out.mail_from = text(test, "mailfrom");
  const auto* disputed = test.if_contains("disputed");
  out.results = texts((disputed != nullptr ? disputed->as_object() : test).at("results"));
  out.explanation = text(test, "explanation");
  return out;
}

std::size_t run_scenario(const fs::path& path) {
  const auto scenario = load(path);
  support::FakeResolver zone;
  for (const auto& record : scenario.at("zone").as_array()) add_record(zone, record.as_object());
  if (const auto* rules = scenario.if_contains("behaviour")) {
    for (const auto& rule : rules->as_array()) misbehave(zone, rule.as_object());
  }
  std::size_t cases = 0;
  for (const auto& each : scenario.at("tests").as_array()) {
    const auto& test = each.as_object();
    if (test.contains("skip")) continue;
    expect_result(zone, case_of(path.filename().string(), test));
    ++cases;
  }
  return cases;
}

TEST(SpfCorpus, cases_of_other_implementations_have_one_of_their_results) {
  if (!fs::exists(folder() / "json")) GTEST_SKIP() << "no SPF cases at " << folder() << " (POSTERN_CORPORA)";
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(folder() / "json")) cases += run_scenario(entry.path());
  RecordProperty("cases", static_cast<int>(cases));
  EXPECT_GE(cases, 339u);
}

TEST(SpfCorpus, records_that_a_fuzzer_found_end_within_the_limits) {
  const auto file = folder() / "fuzz" / "blitiri.json";
  if (!fs::exists(file)) GTEST_SKIP() << file << " is not there (POSTERN_CORPORA)";
  const auto cases = load(file).at("cases").as_array();
  EXPECT_GE(cases.size(), 240u);
  boost::asio::io_context loop;
  for (const auto& each : cases) {
    support::FakeResolver zone;
    zone.txt("domain.test", from_hex(text(each.as_object(), "record_hex")));
    SpfQuery query;
    query.ip = net::IpAddress::parse("192.0.2.1").value();
    query.domain = "domain.test";
    query.sender = "user@domain.test";
    const auto report = support::run(loop, check_host(zone, query));
    EXPECT_LE(report.lookups, 11) << report.record;
    EXPECT_LE(report.void_lookups, 3) << report.record;
    EXPECT_LE(zone.queries(), 10 * 11 + 2u) << report.record;
  }
}

}  // namespace
}  // namespace postern::policy
