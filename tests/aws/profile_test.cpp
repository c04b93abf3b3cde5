#include "aws/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/role_plan.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

Sections config(std::string_view text) {
  return parse_profiles(text, ProfileFile::config).value();
}

TEST(ProfileFile, sections_are_profiles) {
  const auto sections =
      parse_profiles("[default]\naws_access_key_id = AKID\n[two words]\nAWS_Session_Token=a=b\n",
                     ProfileFile::credentials)
          .value();
  EXPECT_THAT(sections.at("default"), ElementsAre(Pair("aws_access_key_id", "AKID")));
  EXPECT_THAT(sections.at("two words"), ElementsAre(Pair("aws_session_token", "a=b")));
}

TEST(ProfileFile, in_config_they_are_called_so) {
  const auto sections = config(
      "[default]\nregion=a\n[profile x]\nregion=b\n[profile \"y z\"]\nregion=c\n[profile\tt]\nregion=d\n"
      "[sso-session s]\nregion=e\n[x]\nregion=f\n[profiles]\nregion=g\n");
  EXPECT_THAT(sections, UnorderedElementsAre(Pair("default", ElementsAre(Pair("region", "a"))),
                                             Pair("x", ElementsAre(Pair("region", "b"))),
                                             Pair("y z", ElementsAre(Pair("region", "c"))),
                                             Pair("t", ElementsAre(Pair("region", "d")))));
}

TEST(ProfileFile, comments_blank_lines_and_other_ends_of_lines) {
  const auto sections =
      config("\xef\xbb\xbf# c\r\n; c\r\n\r\n[default]\r\nregion = a # why\r\nrole_arn = x#y\r\n");
  EXPECT_THAT(sections.at("default"), UnorderedElementsAre(Pair("region", "a"), Pair("role_arn", "x#y")));
}

TEST(ProfileFile, nested_settings_belong_to_the_one_above) {
  const auto sections = config("[default]\ns3 =\n  region = nested\n  other\nregion = a\n");
  EXPECT_THAT(sections.at("default"), UnorderedElementsAre(Pair("s3", ""), Pair("region", "a")));
}

TEST(ProfileFile, a_section_that_is_indented_as_a_whole_is_read) {
  const auto sections = config("[default]\n  region = a\n  output = json\n");
  EXPECT_THAT(sections.at("default"), UnorderedElementsAre(Pair("region", "a"), Pair("output", "json")));
}

TEST(ProfileFile, a_line_that_is_none_is_named_and_not_shown) {
  for (const char* text :
       {"\nsecret\n", "[default]\nsecret\n", "[secret\n", "a = secret\n[default]\n", "[default]\n= secret"}) {
    const auto sections = parse_profiles(text, ProfileFile::credentials);
    ASSERT_FALSE(sections) << text;
    EXPECT_THAT(sections.error().message, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(parse_profiles("[a]\nb=c\nd", ProfileFile::config).error().message, HasSubstr("3: "));
}

TEST(LocateProfiles, by_configuration_then_environment_then_home) {
  const net::Environment home{{"HOME", "/home/u"}};
  auto located = locate_profiles({}, home);
  EXPECT_EQ(located.name, "default");
  EXPECT_FALSE(located.named);
  EXPECT_EQ(located.credentials_path, "/home/u/.aws/credentials");
  EXPECT_EQ(located.config_path, "/home/u/.aws/config");
  located = locate_profiles({}, {{"AWS_PROFILE", "p"},
                                 {"AWS_SHARED_CREDENTIALS_FILE", "/etc/c"},
                                 {"AWS_CONFIG_FILE", "~/conf"},
                                 {"HOME", "/home/u"}});
  EXPECT_EQ(located.name, "p");
  EXPECT_TRUE(located.named);
  EXPECT_EQ(located.credentials_path, "/etc/c");
  EXPECT_EQ(located.config_path, "/home/u/conf");
  CredentialOptions options;
  options.profile = "q";
  EXPECT_EQ(locate_profiles(options, {{"AWS_PROFILE", "p"}}).name, "q");
  EXPECT_EQ(locate_profiles({}, {}).credentials_path, "");
}

Profiles profiles(const std::string& name, std::string_view text) {
  Profiles out;
  out.name = name;
  out.config = config(text);
  return out;
}

TEST(RolePlan, goes_from_role_to_role_to_keys) {
  const auto all =
      profiles("a",
               "[profile a]\nrole_arn=ra\nsource_profile=b\n[profile b]\nrole_arn=rb\nsource_profile=c\n"
               "[profile c]\naws_access_key_id=k\naws_secret_access_key=s\n");
  const auto plan = plan_roles(all).value();
  EXPECT_THAT(plan.profiles, ElementsAre("a", "b"));
  EXPECT_EQ(plan.source_profile, "c");
  EXPECT_EQ(plan.credential_source, "");
}

TEST(RolePlan, a_profile_with_keys_is_its_own_source) {
  const auto plan =
      plan_roles(profiles("a", "[profile a]\nrole_arn=ra\nsource_profile=a\naws_access_key_id=k\n")).value();
  EXPECT_THAT(plan.profiles, ElementsAre("a"));
  EXPECT_EQ(plan.source_profile, "a");
}

TEST(RolePlan, ends_at_a_credential_source_or_a_web_identity) {
  auto plan = plan_roles(profiles("a", "[profile a]\nrole_arn=ra\ncredential_source=EcsContainer\n")).value();
  EXPECT_EQ(plan.credential_source, "EcsContainer");
  plan = plan_roles(profiles("a",
                             "[profile a]\nrole_arn=ra\nsource_profile=b\n[profile b]\nrole_arn=rb\n"
                             "web_identity_token_file=/t\n"))
             .value();
  EXPECT_THAT(plan.profiles, ElementsAre("a"));
  EXPECT_EQ(plan.source_profile, "b");
}

TEST(RolePlan, what_cannot_be_done_is_named) {
  const std::map<std::string, std::string> cases{
      {"role_arn=ra\n", "needs source_profile"},
      {"role_arn=ra\nsource_profile=b\ncredential_source=Environment\n", "exclude each other"},
      {"role_arn=ra\nsource_profile=none\n", "its source_profile none does not exist"},
      {"role_arn=ra\nsource_profile=a\n", "in a circle"},
      {"role_arn=ra\nsource_profile=b\n[profile b]\nrole_arn=rb\nsource_profile=a\n", "in a circle"},
      {"role_arn=ra\nsource_profile=a\nmfa_serial=m\n", "without MFA"}};
  for (const auto& [text, why] : cases) {
    const auto plan = plan_roles(profiles("a", "[profile a]\n" + text));
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(plan.error().code, Errc::invalid);
    EXPECT_THAT(plan.error().message, HasSubstr(why));
  }
}

TEST(RolePlan, does_not_go_on_for_ever) {
  std::string text;
  for (int i = 0; i < 9; ++i) {
    text +=
        "[profile p" + std::to_string(i) + "]\nrole_arn=r\nsource_profile=p" + std::to_string(i + 1) + "\n";
  }
  EXPECT_THAT(plan_roles(profiles("p0", text + "[profile p9]\n")).error().message, HasSubstr("too many"));
}

}  // namespace
}  // namespace postern::aws
