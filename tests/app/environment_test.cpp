#include "app/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config_check.hpp"

namespace postern::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string nothing;

FakeMachine with(Variables variables) {
  FakeMachine fake;
  fake.variables = std::move(variables);
  return fake;
}

TEST(Environment, a_sidecar_needs_no_file) {
  auto fake = with({{"POSTERN_UPSTREAM_ENDPOINT", "email-smtp.eu-west-1.amazonaws.com:587"},
                    {"POSTERN_UPSTREAM_USERNAME", "AKIA"},
                    {"POSTERN_UPSTREAM_PASSWORD_FILE", "/run/secrets/ses"},
                    {"POSTERN_LISTEN_ADDRESS", "127.0.0.1:2525"},
                    {"POSTERN_ACCESS_NETWORKS", "127.0.0.0/8, 10.0.0.0/8"},
                    {"POSTERN_DELIVERY_DRAIN_QUEUE", "true"},
                    {"POSTERN_UPSTREAM_TAGS", "app=shop,stage=test"}});
  fake.files["/run/secrets/ses"] = "secret\n";
  const Config config = parse(nothing, fake).value();
  ASSERT_EQ(config.upstream.size(), 1u);
  EXPECT_EQ(config.upstream[0].host, "email-smtp.eu-west-1.amazonaws.com");
  EXPECT_EQ(config.upstream[0].password, "secret");
  EXPECT_THAT(config.upstream[0].tags, ElementsAre(std::pair<std::string, std::string>("app", "shop"),
                                                   std::pair<std::string, std::string>("stage", "test")));
  EXPECT_EQ(config.listen.at(0).address, "127.0.0.1:2525");
  EXPECT_THAT(config.access.networks, ElementsAre("127.0.0.0/8", "10.0.0.0/8"));
  EXPECT_TRUE(config.delivery.drain_queue);
}

TEST(Environment, speaks_the_names_of_other_images) {
  const Config config = parse(nothing, with({{"RELAYHOST", "[email-smtp.eu-west-1.amazonaws.com]:2587"},
                                             {"RELAYHOST_USERNAME", "AKIA"},
                                             {"RELAYHOST_PASSWORD", "a${b,c"},
                                             {"ALLOWED_SENDER_DOMAINS", "example.com example.org"}}))
                            .value();
  EXPECT_EQ(config.upstream.at(0).host, "email-smtp.eu-west-1.amazonaws.com");
  EXPECT_EQ(config.upstream.at(0).port, 2587);
  EXPECT_EQ(config.upstream.at(0).password, "a${b,c");
  EXPECT_THAT(config.access.senders, ElementsAre("*@example.com", "*@example.org"));
}

TEST(Environment, a_relayhost_without_port_means_submission) {
  EXPECT_EQ(parse(nothing, with({{"RELAYHOST", "smtp.example.com"}})).value().upstream.at(0).port, 587);
  EXPECT_EQ(parse(nothing, with({{"RELAYHOST", "[2001:db8::1]"}})).value().upstream.at(0).host,
            "2001:db8::1");
}

TEST(Environment, the_file_wins_key_by_key) {
  const auto fake = with({{"POSTERN_UPSTREAM_ENDPOINT", "other.example:25"},
                          {"POSTERN_UPSTREAM_CONNECTIONS", "3"},
                          {"RELAYHOST", "third.example"},
                          {"POSTERN_LOG_LEVEL", "debug"}});
  const Config config = parse(upstream_line + "log: {format: json}\n", fake).value();
  EXPECT_EQ(config.upstream.at(0).host, "smtp.example.com");
  EXPECT_EQ(config.upstream.at(0).connections, 3u);
  EXPECT_EQ(config.log.format, base::LogFormat::json);
  EXPECT_EQ(config.log.level, base::LogLevel::debug);
}

TEST(Environment, a_secret_in_the_file_is_not_doubled_by_its_twin) {
  const std::string text = "upstream: [{endpoint: \"h.example:1\", username: u, password: p}]\n";
  const Config config = parse(text, with({{"POSTERN_UPSTREAM_PASSWORD_FILE", "/nowhere"}})).value();
  EXPECT_EQ(config.upstream.at(0).password, "p");
}

TEST(Environment, a_secret_is_given_once) {
  for (const std::string name : {"RELAYHOST_PASSWORD", "POSTERN_UPSTREAM_PASSWORD"}) {
    const auto result = parse(upstream_line, with({{name, "p"}, {name + "_FILE", "/nowhere"}}));
    ASSERT_TRUE(result.has_error());
    EXPECT_EQ(to_string(result.error().front(), "p.yaml"),
              "environment: " + name + "_FILE: is given beside " + name + ": only one of the two can count");
  }
}

TEST(Environment, an_unknown_name_is_a_problem_with_the_nearest_right_one) {
  const auto problems = [](const std::string& name) {
    const auto result = parse(upstream_line, with({{name, "x"}}));
    return result.has_value() ? std::string() : to_string(result.error().front(), "p.yaml");
  };
  EXPECT_EQ(problems("POSTERN_UPSTREAM_ENDPIONT"),
            "environment: POSTERN_UPSTREAM_ENDPIONT: stands for no key of the configuration; did you mean "
            "POSTERN_UPSTREAM_ENDPOINT?");
  EXPECT_EQ(problems("POSTERN_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"),
            "environment: POSTERN_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ: stands for no key of the configuration");
}

TEST(Environment, a_wrong_value_is_named_by_its_variable) {
  const auto problems = [](const std::string& name, const std::string& value) {
    return to_string(parse(upstream_line, with({{name, value}})).error().front(), "p.yaml");
  };
  EXPECT_EQ(problems("POSTERN_LIMITS_RECIPIENTS", "many"),
            "environment: POSTERN_LIMITS_RECIPIENTS: must be a whole number, not 'many'");
  EXPECT_EQ(
      problems("POSTERN_ACCESS_NETWORKS", "127.0.0.0/8,nonsense"),
      "environment: POSTERN_ACCESS_NETWORKS: must be a network such as 10.0.0.0/8 or ::1, not 'nonsense'");
}

TEST(Environment, what_kubernetes_sets_for_a_service_is_no_configuration) {
  const Variables links{
      {"POSTERN_SERVICE_HOST", "10.0.0.1"},         {"POSTERN_SERVICE_PORT", "25"},
      {"POSTERN_SERVICE_PORT_SMTP", "25"},          {"POSTERN_PORT", "tcp://10.0.0.1:25"},
      {"POSTERN_PORT_25_TCP", "tcp://10.0.0.1:25"}, {"POSTERN_PORT_25_TCP_ADDR", "10.0.0.1"},
      {"POSTERN_RELAY_SERVICE_HOST", "10.0.0.2"},   {"POSTERN_RELAY_PORT_2525_TCP_PROTO", "tcp"}};
  EXPECT_TRUE(parse(upstream_line, with(links)).has_value());
  EXPECT_FALSE(configures(links));
}

TEST(Environment, only_the_default_file_may_be_missing) {
  const auto fake = with({{"RELAYHOST", "smtp.example.com"}});
  EXPECT_EQ(load_config(default_config_file, fake.machine()).value().upstream.at(0).host, "smtp.example.com");
  EXPECT_TRUE(load_config("/other.yaml", fake.machine()).has_error());
  EXPECT_TRUE(load_config(default_config_file, FakeMachine().machine()).has_error());
}

TEST(Environment, every_key_has_a_name_of_its_own) {
  Variables all;
  Problems problems;
  YAML::Node root;
  for (const auto& key : known_keys()) {
    std::string name = "POSTERN_";
    for (const char c : key.path)
      if (c != '[' && c != ']') name += c == '.' ? '_' : static_cast<char>(std::toupper(c));
    const std::string value = name.ends_with("_FILE") ? "" : "x";  // beside its twin it would be one too many
    EXPECT_TRUE(all.emplace(name, value).second) << name << " stands for two keys";
  }
  apply_environment(root, all, problems);
  EXPECT_THAT(problems, IsEmpty());
}

TEST(Environment, a_section_of_another_kind_is_left_to_the_loader) {
  EXPECT_THAT(problems_with_upstream("limits: 5", with({{"POSTERN_LIMITS_HOPS", "7"}})),
              ElementsAre("2: limits: must be a map, but is a single value"));
}

}  // namespace
}  // namespace postern::app
