// The files in conf/ are documentation that is loaded: what they say is the default is the default, and no
// key is left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "app/config_check.hpp"

namespace postern::app {
namespace {

std::string content_of(const std::string& name) {
  std::ifstream in(std::string(POSTERN_SOURCE_DIR) + "/conf/" + name);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

FakeMachine machine_with_secrets() {
  FakeMachine fake;
  fake.variables = {{"SES_SMTP_USERNAME", "AKIAEXAMPLE"}, {"SES_SMTP_PASSWORD", "secret"}};
  fake.files["/run/secrets/ses-smtp-password"] = "secret\n";
  return fake;
}

// "key:" or "- key: value"
bool is_setting(std::string_view text) {
  if (text.starts_with("- ")) text.remove_prefix(2);
  const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
  return end != 0 && end != std::string_view::npos &&
         text.substr(end, 2) == (end + 1 == text.size() ? ":" : ": ");
}

// Options that are not set stand as "#key: value", their lists as "#  - key: value"; "# Text" is text.
std::string with_options_set(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const auto hash = line.find_first_not_of(' ');
    if (hash != std::string::npos && line[hash] == '#') {
      const auto start = line.find_first_not_of(' ', hash + 1);
      const bool text_follows = start == hash + 2;
      if (start != std::string::npos && !text_follows && is_setting(std::string_view(line).substr(start))) {
        line.erase(hash, 1);
      }
    }
    out += line + "\n";
  }
  return out;
}

Config loaded(const std::string& text) {
  const auto result = parse(text, machine_with_secrets());
  if (result.has_value()) return *result;
  for (const auto& problem : result.error()) ADD_FAILURE() << to_string(problem, "conf");
  return {};
}

// Everything but host names, certificates, rewrite, dkim.keys and the upstream's endpoint and credentials.
// Naming each member, so that a new section can't be forgotten here.
void expect_defaults(const Config& config) {
  const Config defaults;
  const auto& [hostname, state_dir, listen, access, limits, rewrite, message, dkim, spf, dmarc, dns,
               suppression, aws, upstream, delivery, admin, log, origin] = config;
  EXPECT_EQ(state_dir, defaults.state_dir);
  ASSERT_EQ(listen.size(), defaults.listen.size());
  for (std::size_t i = 0; i < listen.size(); ++i) EXPECT_EQ(listen[i].address, defaults.listen[i].address);
  EXPECT_EQ(access, defaults.access);
  EXPECT_EQ(limits, defaults.limits);
  EXPECT_EQ(message, defaults.message);
  EXPECT_EQ(dkim.on_missing_key, defaults.dkim.on_missing_key);
  EXPECT_EQ(spf.action, defaults.spf.action);
  EXPECT_EQ(spf.authorised, defaults.spf.authorised);
  EXPECT_EQ(dmarc, defaults.dmarc);
  EXPECT_EQ(dns, defaults.dns);
  EXPECT_EQ(aws, defaults.aws);
  EXPECT_EQ(suppression, defaults.suppression);
  EXPECT_EQ(delivery, defaults.delivery);
  EXPECT_EQ(admin, defaults.admin);
  EXPECT_EQ(log, defaults.log);
  ASSERT_FALSE(upstream.empty());
  UpstreamConfig server = upstream[0];
  server.host = server.username = server.password = server.password_file = "";
  server.port = 0;
  EXPECT_EQ(server, UpstreamConfig());
}

// "upstream[0].tls" -> "upstream[].tls"
std::string without_index(std::string key) {
  const auto start = key.find('[');
  if (start != std::string::npos) key.erase(start + 1, key.find(']') - start - 1);
  return key;
}

std::set<std::string> written_keys(const Config& config) {
  std::set<std::string> out;
  for (const auto& [key, line] : config.origin.lines) out.insert(without_index(key));
  return out;
}

TEST(ConfFile, says_the_defaults) {
  const Config config = loaded(content_of("postern.yaml"));
  expect_defaults(config);
  EXPECT_EQ(config.hostname, "box.example.net");
  EXPECT_TRUE(config.rewrite.sender.empty() && config.rewrite.from.empty());
  EXPECT_EQ(config.rewrite.default_domain + config.rewrite.null_sender + config.rewrite.redirect_all_to, "");
  EXPECT_TRUE(config.dkim.keys.empty());
}

TEST(ConfFile, stays_good_when_every_option_is_set) {
  const Config config = loaded(with_options_set(content_of("postern.yaml")));
  expect_defaults(config);
  EXPECT_EQ(config.hostname, "mail.example.com");
  EXPECT_EQ(config.upstream.size(), 2u);
  EXPECT_TRUE(config.dkim.keys.at(0).subdomains);
}

TEST(ConfFile, leaves_no_key_out) {
  const auto written = written_keys(loaded(with_options_set(content_of("postern.yaml"))));
  const auto keys = known_keys();
  ASSERT_GT(keys.size(), 50u);
  for (const auto& key : keys) EXPECT_TRUE(written.contains(key.path)) << key.path << " (" << key.kind << ")";
}

TEST(ConfFile, has_no_line_that_wraps) {
  std::istringstream in(content_of("postern.yaml"));
  for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 110u) << line;
}

TEST(ConfFileMinimal, is_ten_lines_that_load) {
  const std::string text = content_of("postern.minimal.yaml");
  const Config config = loaded(text);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11);  // and one of comment
  EXPECT_EQ(config.upstream.at(0).password, "secret");
  EXPECT_EQ(config.dkim.keys.size(), 1u);
  EXPECT_TRUE(warnings(config).empty());
}

TEST(KnownKeys, are_listed_with_what_they_take_each_once) {
  std::set<std::string> seen;
  for (const auto& key : known_keys()) EXPECT_TRUE(seen.insert(key.path).second) << key.path;
  const auto keys = known_keys();
  const auto has = [&](const std::string& path, const std::string& kind) {
    return std::find(keys.begin(), keys.end(), KeyInfo{path, kind}) != keys.end();
  };
  EXPECT_TRUE(has("limits.message_size", "size"));
  EXPECT_TRUE(has("upstream[].tls", "starttls | implicit | none"));
  EXPECT_TRUE(has("upstream[].password_file", "text"));
  EXPECT_TRUE(has("delivery.retry", "list of duration"));
}

}  // namespace
}  // namespace postern::app
