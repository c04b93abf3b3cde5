// Public test data for DMARC and the public suffix list. POSTERN_CORPORA names the folder.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"
#include "postern/mail/from.hpp"
#include "postern/policy/dmarc.hpp"
#include "postern/policy/spf.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

namespace postern::policy {
namespace {

namespace json = boost::json;

std::string corpus(const std::string& file) {
  const char* named = std::getenv("POSTERN_CORPORA");
  const auto folder = named != nullptr ? std::string(named) : POSTERN_SOURCE_DIR "/../shared/corpora";
  std::ifstream stream(folder + "/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

class DmarcCorpus : public testing::Test {
 protected:
  void SetUp() override {
    const auto file = corpus("dmarc/cases.json");
    if (file.empty()) GTEST_SKIP() << "no DMARC cases (POSTERN_CORPORA)";
    cases_ = json::parse(file).as_object();
  }
  const json::array& group(std::string_view name) const { return cases_.at(name).as_array(); }

  std::string organization(const std::string& domain) const {
    return suffixes_->organizational_domain(domain);
  }

  json::object cases_;
  std::shared_ptr<const PublicSuffixes> suffixes_ = PublicSuffixes::builtin();
};

std::string letter(AlignmentMode mode) {
  return mode == AlignmentMode::strict ? "s" : "r";
}

std::string joined(const json::array& list) {
  std::string out;
  for (const auto& one : list) out += std::string(one.as_string()) + " ";
  return out;
}

// What the record says for a tag of `expect`; what is only for reporters (fo, ri, rf) is not kept.
std::string tag_of(const DmarcRecord& record, std::string_view tag) {
  if (tag == "p") return std::string(to_string(record.policy));
  if (tag == "sp") return std::string(to_string(record.subdomain_policy.value_or(record.policy)));
  if (tag == "adkim") return letter(record.dkim);
  if (tag == "aspf") return letter(record.spf);
  if (tag == "pct") return std::to_string(record.percent);
  std::string reports;
  for (const auto& uri : record.aggregate_reports) reports += uri.substr(uri.find(':') + 1) + " ";
  return reports;
}

std::string wanted_of(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return value.is_array() ? joined(value.as_array()) : std::to_string(value.as_int64());
}

void expect_tags(const DmarcRecord& record, const json::object& expect, const std::string& id) {
  for (const auto& [tag, value] : expect) {
    if (tag == "fo" || tag == "ri" || tag == "rf") continue;
    EXPECT_EQ(tag_of(record, tag), wanted_of(value)) << id << " " << tag;
  }
}

// A disputed case says in words what counts; where it says nothing but "either", only that it ends.
TEST_F(DmarcCorpus, records_parse_as_they_should) {
  std::size_t judged = 0;
  for (const auto& value : group("parse")) {
    const auto& one = value.as_object();
    const auto record = parse_dmarc(text(one, "record"));
    const auto disputed = text(one, "disputed");
    const bool valid = disputed.find("valid=false") == std::string::npos && one.at("valid").as_bool();
    if (disputed.find("Either") != std::string::npos) continue;
    EXPECT_EQ(record.has_value(), valid) << text(one, "id") << ": " << text(one, "record");
    ++judged;
    if (record && one.contains("expect")) expect_tags(*record, one.at("expect").as_object(), text(one, "id"));
  }
  EXPECT_GE(judged, 70U);
}

// The one domain of From, after postern's repairs; empty: none, or several.
std::string author_domain(const std::string& from) {
  const auto body = mail::mended_from(from).value_or(from);
  std::set<std::string> domains;
  for (const auto& address : mail::from_addresses_of("From: " + body + "\r\n"))
    domains.insert(base::to_lower(mail::domain_of(address)));
  return domains.size() == 1 ? *domains.begin() : "";
}

TEST_F(DmarcCorpus, from_domain_is_found) {
  for (const auto& value : group("from_domain")) {
    const auto& one = value.as_object();
    const auto domain = author_domain(text(one, "from_value"));
    const bool none_will_do = one.contains("disputed") && domain.empty();
    EXPECT_TRUE(domain == text(one, "domain") || none_will_do) << text(one, "id") << ": " << domain;
  }
}

std::string normal(std::string domain) {
  if (domain.ends_with('.')) domain.pop_back();
  for (auto& c : domain) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return domain;
}

TEST_F(DmarcCorpus, identifiers_align_by_the_public_suffix_list) {
  for (const auto& value : group("alignment")) {
    const auto& one = value.as_object();
    const auto identifier = text(one, "identifier"), author = text(one, "author");
    const bool strict = text(one, "mode") == "s";
    const bool aligned =
        strict ? normal(identifier) == normal(author) : organization(identifier) == organization(author);
    if (one.contains("disputed")) continue;
    EXPECT_EQ(aligned, one.at("aligned").as_bool()) << text(one, "id");
  }
}

void load(support::FakeResolver& dns, const json::object& zone) {
  for (const auto& [name, value] : zone) {
    if (value.is_string()) {
      dns.txt(name, std::string(value.as_string()));
    } else if (value.is_object()) {
      dns.servfail(name);
    } else {
      for (const auto& one : value.as_array()) dns.txt(name, std::string(one.as_string()));
    }
  }
}

class DmarcPolicyCorpus : public DmarcCorpus {
 protected:
  bool aligned(const std::string& identifier, const DmarcPolicyFound& found, const std::string& author,
               AlignmentMode mode, DmarcMethod method) {
    if (identifier.empty()) return false;
    if (identifier == author) return true;
    if (mode == AlignmentMode::strict) return false;
    const auto its = support::run(loop_, organizational_domain(dns_, *suffixes_, identifier, method));
    return its && *its == found.organizational_domain;
  }

  bool passes(const json::object& one, const DmarcPolicyFound& found, DmarcMethod method) {
    const auto author = text(one, "author");
    const auto passed = [](const json::array& pair) {
      return pair[0].as_string() == "pass" && pair[1].is_string() ? std::string(pair[1].as_string()) : "";
    };
    bool any = aligned(passed(one.at("spf").as_array()), found, author, found.record.spf, method);
    for (const auto& signature : one.at("dkim").as_array())
      any = any || aligned(passed(signature.as_array()), found, author, found.record.dkim, method);
    return any;
  }

  std::pair<std::string, std::string> judged(const json::object& one, DmarcMethod method) {
    const auto found = support::run(loop_, find_dmarc(dns_, *suffixes_, text(one, "author"), method));
    const std::string policy(to_string(found.applies));
    switch (found.state) {
      case DmarcPolicyFound::State::found:
        return {passes(one, found, method) ? "pass" : "fail", policy};
      case DmarcPolicyFound::State::none:
        return {"none", ""};
      case DmarcPolicyFound::State::temperror:
        return {"temperror", ""};
      case DmarcPolicyFound::State::several_records:
      case DmarcPolicyFound::State::invalid:
        break;
    }
    return {"permerror", ""};
  }

  void expect(const json::object& one, const json::object& wanted, DmarcMethod method) {
    const auto [result, policy] = judged(one, method);
    EXPECT_EQ(result, text(wanted, "result")) << text(one, "id");
    if (wanted.contains("policy")) {
      EXPECT_EQ(policy, text(wanted, "policy")) << text(one, "id");
    }
  }

  boost::asio::io_context loop_;
  support::FakeResolver dns_;
};

TEST_F(DmarcPolicyCorpus, policies_apply_by_both_methods) {
  for (const auto& value : group("policy")) {
    const auto& one = value.as_object();
    dns_.clear();
    load(dns_, one.at("txt").as_object());
    const bool bis = one.contains("dmarcbis") && one.at("dmarcbis").as_bool();
    expect(one, one.at("expect").as_object(), DmarcMethod::tree_walk);
    if (one.contains("rfc7489")) {
      expect(one, one.at("rfc7489").as_object(), DmarcMethod::public_suffix_list);
    } else if (!bis) {
      expect(one, one.at("expect").as_object(), DmarcMethod::public_suffix_list);
    }
  }
}

// registrable null: the domain is a public suffix (or no name) and its own organisational domain.
TEST(PublicSuffixCorpus, registrable_domains_are_found) {
  const auto file = corpus("psl/cases.json");
  if (file.empty()) GTEST_SKIP() << "no public suffix vectors (POSTERN_CORPORA)";
  const auto suffixes = PublicSuffixes::builtin();
  std::size_t judged = 0;
  const auto cases = json::parse(file);
  for (const auto& value : cases.as_array()) {
    const auto& one = value.as_object();
    const auto input = text(one, "input_ascii");
    const auto wanted = text(one, "registrable_ascii");
    EXPECT_EQ(suffixes->organizational_domain(input), wanted.empty() ? input : wanted) << input;
    ++judged;
  }
  EXPECT_GE(judged, 77U);
}

}  // namespace
}  // namespace postern::policy
