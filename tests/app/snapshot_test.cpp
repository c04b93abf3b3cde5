#include "postern/app/snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdio>
#include <fstream>

#include "app/config_check.hpp"
#include "support/temp_dir.hpp"

namespace postern::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

void write_key(const std::string& path) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "w"), std::fclose);
  ASSERT_EQ(PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
}

std::string key_entry(const std::string& domain, const std::string& file) {
  return "    - {domain: " + domain + ", selector: s1, key_file: " + file + "}\n";
}

std::vector<std::string> problems_of_snapshot(const std::string& text) {
  const auto result = build_snapshot(parse(text).value());
  std::vector<std::string> out;
  if (result.has_value()) return out;
  for (const auto& problem : result.error()) out.push_back(to_string(problem, "p.yaml"));
  return out;
}

class FilledSnapshot : public testing::Test {
 protected:
  void SetUp() override {
    write_key(directory_.file("k.pem"));
    snapshot_ = build_snapshot(parse(text()).value()).value();
  }

  std::string text() const {
    return "hostname: mail.example.com\n"
           "access: {networks: [10.0.0.0/8], senders: [\"*@example.com\"]}\n"
           "limits: {message_size: 1M, recipients: 2, connections: 3, connections_per_client: 4, errors: 5, "
           "hops: "
           "6,\n"
           "  command_timeout: 7s, data_timeout: 8s, messages_per_minute_per_client: 9, spool_size: 10M, "
           "min_free: 11M}\n"
           "rewrite: {default_domain: example.com}\n"
           "message: {bare_newline: reject, add_missing: false}\n"
           "suppression: {action: reject, reasons: [BOUNCE], on_error: defer, max_age: 1d}\n"
           "dkim:\n  on_missing_key: reject\n  keys:\n" +
           key_entry("example.com", directory_.file("k.pem")) +
           "upstream:\n"
           "  - {endpoint: \"127.0.0.1:2525\", tls: none, username: u, password: p, connections: 12,\n"
           "     configuration_set: set, tags: {a: b}}\n"
           "  - {endpoint: \"smtp.example.com:587\"}\n"
           "  - {endpoint: \"smtp.example.net:465\", tls: implicit}\n"
           "delivery: {rate: 13, recipients_per_message: 14, retry: [1s], lifetime: 2d, unverified_sender: "
           "bounce}\n";
  }

  support::TempDir directory_;
  SnapshotPtr snapshot_;
};

TEST_F(FilledSnapshot, has_the_settings_of_policy) {
  const policy::Settings& policy = *snapshot_->policy;
  EXPECT_TRUE(policy.networks.at(0).contains(net::IpAddress::parse("10.1.2.3").value()));
  EXPECT_THAT(policy.senders, ElementsAre("*@example.com"));
  EXPECT_EQ(policy.rewrite.default_domain, "example.com");
  EXPECT_EQ(policy.suppression_action, policy::SuppressionAction::reject);
  EXPECT_THAT(policy.suppression_reasons, ElementsAre("BOUNCE"));
  EXPECT_EQ(policy.suppression_on_error, policy::OnError::defer);
  EXPECT_EQ(policy.suppression_max_age, std::chrono::hours(24));
}

TEST_F(FilledSnapshot, has_the_settings_of_intake) {
  const intake::Settings& intake = *snapshot_->intake;
  EXPECT_EQ(intake.policy, snapshot_->policy);
  EXPECT_EQ(intake.hostname, "mail.example.com");
  EXPECT_EQ(intake.message_size, 1u << 20);
  EXPECT_EQ(intake.recipients, 2u);
  EXPECT_EQ(intake.connections, 3u);
  EXPECT_EQ(intake.connections_per_client, 4u);
  EXPECT_EQ(intake.errors, 5);
  EXPECT_EQ(intake.fixups.max_hops, 6);
  EXPECT_EQ(intake.fixups.hostname, "mail.example.com");
  EXPECT_FALSE(intake.fixups.add_missing);
  EXPECT_EQ(intake.command_timeout, 7s);
  EXPECT_EQ(intake.data_timeout, 8s);
  EXPECT_EQ(intake.messages_per_minute_per_client, 9u);
  EXPECT_EQ(intake.spool_size, 10u << 20);
  EXPECT_EQ(intake.min_free, 11u << 20);
  EXPECT_TRUE(intake.reject_bare_newline);
}

TEST_F(FilledSnapshot, has_the_settings_of_delivery) {
  const delivery::Settings& delivery = *snapshot_->delivery;
  ASSERT_NE(delivery.signer, nullptr);
  EXPECT_NE(delivery.signer->key_for("a.example.com"), nullptr);
  EXPECT_EQ(delivery.on_missing_key, delivery::OnMissingKey::reject);
  EXPECT_EQ(delivery.rate, 13);
  EXPECT_EQ(delivery.recipients_per_message, 14u);
  EXPECT_THAT(delivery.retry.schedule, ElementsAre(1s));
  EXPECT_EQ(delivery.retry.lifetime, std::chrono::hours(48));
  EXPECT_FALSE(delivery.hold_unverified);
}

TEST_F(FilledSnapshot, has_the_servers_which_share_a_TLS_context) {
  const delivery::Settings& delivery = *snapshot_->delivery;
  ASSERT_EQ(delivery.upstreams.size(), 3u);
  const delivery::UpstreamSettings& first = delivery.upstreams[0];
  EXPECT_EQ(first.host, "127.0.0.1");
  EXPECT_EQ(first.port, 2525);
  EXPECT_EQ(first.tls_context, nullptr);
  EXPECT_EQ(first.username, "u");
  EXPECT_EQ(first.password, "p");
  EXPECT_EQ(first.connections, 12u);
  EXPECT_EQ(first.helo, "mail.example.com");
  EXPECT_EQ(first.configuration_set, "set");
  EXPECT_THAT(first.tags, ElementsAre(testing::Pair("a", "b")));
  EXPECT_EQ(delivery.upstreams[1].tls, delivery::TlsMode::starttls);
  EXPECT_EQ(delivery.upstreams[2].tls, delivery::TlsMode::implicit);
  EXPECT_NE(delivery.upstreams[1].tls_context, nullptr);
  EXPECT_EQ(delivery.upstreams[1].tls_context, delivery.upstreams[2].tls_context);
}

TEST(Snapshot, has_no_signer_without_keys) {
  EXPECT_EQ(build_snapshot(parse(upstream_line).value()).value()->delivery->signer, nullptr);
}

TEST(Snapshot, names_every_key_that_is_bad_with_its_line) {
  const support::TempDir directory;
  write_key(directory.file("good.pem"));
  std::ofstream(directory.file("bad.pem")) << "no key\n";
  const auto problems = problems_of_snapshot(upstream_line + "dkim:\n  keys:\n" +
                                             key_entry("a.example", directory.file("bad.pem")) +
                                             key_entry("b.example", directory.file("good.pem")) +
                                             key_entry("c.example", directory.file("missing.pem")));
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_THAT(problems[0], StartsWith("p.yaml:4: dkim.keys[0].key_file: "));
  EXPECT_THAT(problems[0], HasSubstr("bad.pem"));
  EXPECT_THAT(problems[1], StartsWith("p.yaml:6: dkim.keys[2].key_file: "));
  EXPECT_THAT(problems[1], HasSubstr("missing.pem"));
}

TEST(Snapshot, a_key_that_is_a_credential_tells_who_puts_it_there) {
  const auto problems = problems_of_snapshot(upstream_line + "dkim:\n  keys:\n" +
                                             key_entry("a.example", "/run/credentials/postern.service/dkim"));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0], StartsWith("p.yaml:4: dkim.keys[0].key_file: "));
  EXPECT_THAT(problems[0],
              HasSubstr("systemd puts it there while postern.service runs, from /etc/credstore/dkim"));
}

TEST(Snapshot, names_a_CA_file_that_cannot_be_used) {
  const auto problems =
      problems_of_snapshot("upstream:\n  - endpoint: h.example:587\n    ca_file: /nowhere/ca.pem\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0], StartsWith("p.yaml:3: upstream[0].ca_file: "));
  EXPECT_THAT(problems[0], HasSubstr("/nowhere/ca.pem"));
}

TEST(Snapshot, loading_tells_the_problems_of_the_file_or_of_what_it_names) {
  const support::TempDir directory;
  const std::string path = directory.file("p.yaml");
  std::ofstream(path) << "hostnam: x\n" << upstream_line;
  const auto unknown = load_snapshot(path);
  ASSERT_TRUE(unknown.has_error());
  EXPECT_EQ(unknown.error().at(0).key, "hostnam");

  std::ofstream(path) << upstream_line
                      << "dkim: {keys: [{domain: a.example, selector: s, key_file: /nowhere}]}\n";
  const auto unreadable = load_snapshot(path);
  ASSERT_TRUE(unreadable.has_error());
  EXPECT_EQ(unreadable.error().at(0).key, "dkim.keys[0].key_file");

  std::ofstream(path) << upstream_line;
  EXPECT_EQ(load_snapshot(path).value()->config.origin.file, path);
}

}  // namespace
}  // namespace postern::app
