// The official test suite of RFC 7208, read as Debian's python3-spf ships it. POSTERN_SPF_SUITE names another
// file.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "spf_cases.hpp"

namespace postern::policy {
namespace {

std::string suite_file() {
  const char* named = std::getenv("POSTERN_SPF_SUITE");
  return named != nullptr ? named : "/usr/share/doc/python3-spf/rfc7208-tests.yml.gz";
}

std::string unpacked(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  std::string out;
  std::array<char, 65536> buffer{};
  for (int got = 1; file && got > 0;) {
    got = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    if (got > 0) out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return out;
}

std::string joined(const YAML::Node& strings) {
  if (!strings.IsSequence()) return strings.as<std::string>();
  std::string out;
  for (const auto& each : strings) out += each.as<std::string>();
  return out;
}

std::vector<std::string> listed(const YAML::Node& node) {
  if (node.IsSequence()) return node.as<std::vector<std::string>>();
  return {node.as<std::string>()};
}

net::DnsType type_of(const std::string& word) {
  if (word == "A") return net::DnsType::a;
  if (word == "AAAA") return net::DnsType::aaaa;
  if (word == "MX") return net::DnsType::mx;
  return word == "PTR" ? net::DnsType::ptr : net::DnsType::txt;
}

void add_record(support::FakeResolver& zone, const std::string& name, const std::string& type,
                const YAML::Node& value) {
  if (value.IsScalar() && value.as<std::string>() == "TIMEOUT") return zone.timeout(name, type_of(type));
  if (type == "TXT") return zone.txt(name, joined(value));
  if (type == "MX") return zone.mx(name, value[0].as<std::uint16_t>(), value[1].as<std::string>());
  if (type == "PTR") return zone.ptr(name, value.as<std::string>());
  if (type == "CNAME") return zone.cname(name, value.as<std::string>());
  ASSERT_TRUE(type == "A" || type == "AAAA") << type;
  zone.a(name, value.as<std::string>());
}

// The suite dates from the time of the SPF type: where a name has no TXT of its own, SPF stands for TXT. A
// bare TIMEOUT is for the types that the name has no record of.
void add_name(support::FakeResolver& zone, const std::string& name, const YAML::Node& records) {
  bool own_txt = false;
  std::vector<std::string> types;
  for (const auto& record : records) own_txt = own_txt || (record.IsMap() && record["TXT"]);
  for (const auto& record : records) {
    if (!record.IsMap()) continue;
    auto type = record.begin()->first.as<std::string>();
    const auto value = record.begin()->second;
    if (type == "SPF" && own_txt) continue;
    if (type == "SPF") type = "TXT";
    if (value.IsScalar() && value.as<std::string>() == "NONE") continue;
    types.push_back(type);
    add_record(zone, name, type, value);
  }
  for (const auto& record : records) {
    if (record.IsMap()) continue;
    ASSERT_EQ(record.as<std::string>(), "TIMEOUT");
    for (const auto* type : {"A", "AAAA", "MX", "PTR", "TXT"}) {
      if (std::ranges::find(types, type) == types.end()) zone.timeout(name, type_of(type));
    }
  }
}

SpfCase case_of(const std::string& id, const YAML::Node& test) {
  SpfCase out;
  out.id = id;
  out.helo = test["helo"].as<std::string>();
  out.host = test["host"].as<std::string>();
  out.mail_from = test["mailfrom"].as<std::string>();
  out.results = listed(test["result"]);
  if (test["explanation"]) out.explanation = test["explanation"].as<std::string>();
  return out;
}

TEST(SpfSuite, every_case_of_rfc_7208_has_one_of_its_results) {
  const auto text = unpacked(suite_file());
  if (text.empty()) GTEST_SKIP() << suite_file() << " is not there (Debian python3-spf, POSTERN_SPF_SUITE)";
  std::size_t cases = 0;
  for (const auto& scenario : YAML::LoadAll(text)) {
    support::FakeResolver zone;
    for (const auto& name : scenario["zonedata"]) add_name(zone, name.first.as<std::string>(), name.second);
    for (const auto& test : scenario["tests"]) {
      expect_result(zone, case_of(test.first.as<std::string>(), test.second));
      ++cases;
    }
  }
  RecordProperty("cases", static_cast<int>(cases));
  EXPECT_GE(cases, 203u);
}

}  // namespace
}  // namespace postern::policy
