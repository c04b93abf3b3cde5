// What a command reads that runs where the service's secrets are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_check.hpp"

namespace postern::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ConfigExtent, a_credential_that_is_not_there_tells_who_puts_it_there) {
  EXPECT_THAT(
      problems_of("upstream: [{endpoint: \"h.example:587\", username: u,\n"
                  "  password_file: /run/credentials/postern.service/ses}]\n"),
      ElementsAre(
          "2: upstream[0].password_file: /run/credentials/postern.service/ses cannot be read: No such "
          "file or directory; systemd puts it there while postern.service runs, from "
          "/etc/credstore/ses, or from where LoadCredential= says"));
}

TEST(ConfigExtent, the_local_extent_leaves_out_what_the_service_alone_can_read) {
  const std::string text =
      "state_dir: /s\n"
      "upstream: [{endpoint: \"${HOST}:587\", username: \"${USER_NAME}\", password_file: /none}]\n"
      "dkim: {keys: [{domain: example.com, selector: s, key_file: \"${CREDENTIALS_DIRECTORY}/k\"}]}\n"
      "aws: {access_key_id: A, secret_access_key_file: /none}\n"
      "suppression: {reasons: [BOUNCE]}\n";
  const auto local = parse_config(text, "p.yaml", FakeMachine().machine(), Extent::local);
  ASSERT_TRUE(local.has_value()) << to_string(local.error().at(0), "p.yaml");
  EXPECT_EQ(local->state_dir, "/s");
  EXPECT_THAT(local->suppression.reasons, ElementsAre("BOUNCE"));
  EXPECT_THAT(local->upstream, IsEmpty());
  EXPECT_THAT(local->dkim.keys, IsEmpty());
  EXPECT_EQ(parse(text).error().size(), 5u);
  EXPECT_TRUE(parse_config("hostname: h.example\n", "p.yaml", FakeMachine().machine(), Extent::local));
  const auto wrong =
      parse_config("upstraem: []\nstate_dir: \"\"\n", "p.yaml", FakeMachine().machine(), Extent::local);
  ASSERT_TRUE(wrong.has_error());
  EXPECT_EQ(wrong.error().size(), 2u);
}

}  // namespace
}  // namespace postern::app
