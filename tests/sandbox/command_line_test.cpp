#include "sandbox/command_line.hpp"

#include <gtest/gtest.h>

namespace postern::sandbox {
namespace {

base::Result<std::optional<Options>> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "postern-sandbox");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

base::Errc problem(const std::vector<const char*>& words) {
  const auto result = parse(words);
  EXPECT_FALSE(result) << "taken: " << words.back();
  return result ? base::Errc::io : result.error().code;
}

}  // namespace

TEST(CommandLine, defaults) {
  const auto options = parse({"--data", "d"});
  ASSERT_TRUE(options && *options);
  EXPECT_EQ((*options)->smtp, "127.0.0.1:0");
  EXPECT_EQ((*options)->tls, TlsMode::starttls);
  EXPECT_TRUE((*options)->verified.empty());
}

TEST(CommandLine, kind_of_tls) {
  EXPECT_EQ((*parse({"--data", "d", "--tls", "implicit"}))->tls, TlsMode::implicit);
  EXPECT_EQ((*parse({"--data", "d", "--tls", "starttls"}))->tls, TlsMode::starttls);
}

TEST(CommandLine, only_loopback_is_listened_on) {
  for (const auto* good : {"127.0.0.1:0", "127.0.0.2:2525", "[::1]:25"})
    EXPECT_TRUE(parse({"--data", "d", "--smtp", good})) << good;
  for (const auto* bad : {"0.0.0.0:25", "10.0.0.1:25", "[::]:25", "example.com:25", "127.0.0.1", "unix:/x"})
    for (const auto* option : {"--smtp", "--api"})
      EXPECT_EQ(problem({"--data", "d", option, bad}), base::Errc::invalid);
}

TEST(CommandLine, the_api_is_served_only_when_it_is_asked_for) {
  EXPECT_EQ((*parse({"--data", "d"}))->api, "");
  EXPECT_EQ((*parse({"--data", "d", "--api", "127.0.0.1:0"}))->api, "127.0.0.1:0");
}

TEST(CommandLine, operations_are_denied_by_name) {
  const auto options =
      parse({"--data", "d", "--deny", "GetAccount", "--deny", "ses:PutSuppressedDestination"});
  ASSERT_TRUE(options && *options);
  EXPECT_EQ((*options)->denied, (std::vector{Operation::get_account, Operation::put_suppressed_destination}));
  EXPECT_EQ(problem({"--data", "d", "--deny", "SendEmail"}), base::Errc::invalid);
}

TEST(CommandLine, faults_are_checked_before_the_start) {
  EXPECT_TRUE(parse({"--data", "d", "--api-fault", "hang", "--api-fault", R"({"kind":"429","count":2})"}));
  for (const auto* bad : {"none", "{}", R"({"kind":"hang","times":1})", R"({"kind":"429","count":0})"})
    EXPECT_EQ(problem({"--data", "d", "--api-fault", bad}), base::Errc::invalid);
}

TEST(CommandLine, wrong_usage_is_refused) {
  EXPECT_EQ(problem({"--smtp", "127.0.0.1:0"}), base::Errc::invalid);
  EXPECT_EQ(problem({"--data", "d", "--tls", "none"}), base::Errc::invalid);
  EXPECT_EQ(problem({"--data", "d", "--rate", "-1"}), base::Errc::invalid);
  EXPECT_EQ(problem({"--data", "d", "--user", "two words"}), base::Errc::invalid);
  EXPECT_EQ(problem({"--data", "d", "--secret-access-key", "two words"}), base::Errc::invalid);
  EXPECT_EQ(problem({"--data", "d", "--api-rate", "-1"}), base::Errc::invalid);
  EXPECT_EQ(problem({"--data", "d", "--unheard-of"}), base::Errc::invalid);
  EXPECT_EQ(problem({"--data", "d", "surplus"}), base::Errc::invalid);
}

TEST(CommandLine, failures_on_demand) {
  const auto options = parse({"--data", "d", "--fail-rcpt", "Gone=553 <gone> address unknown", "--fail-data",
                              "slow=454 4.7.0 later", "--fail-data", "cut=421 closing"});
  ASSERT_TRUE(options && *options);
  EXPECT_EQ((*options)->at_recipient.at("gone").to_string(), "553 <gone> address unknown");
  EXPECT_EQ((*options)->after_data.at("slow").to_string(), "454 4.7.0 later");
  EXPECT_EQ((*options)->after_data.size(), 2U);
  for (const auto* bad : {"gone", "=550 no", "gone=", "gone=hello", "gone=250 Ok", "gone=550-more"})
    EXPECT_EQ(problem({"--data", "d", "--fail-rcpt", bad}), base::Errc::invalid);
}

TEST(CommandLine, identities_repeat) {
  const auto options = parse({"--data", "d", "--verified", "a.test", "--verified", "b.test"});
  ASSERT_TRUE(options && *options);
  EXPECT_EQ((*options)->verified, (std::vector<std::string>{"a.test", "b.test"}));
  EXPECT_EQ(problem({"--data", "d", "--verified", "a.test", "surplus"}), base::Errc::invalid);
}

}  // namespace postern::sandbox
