// The endpoints of container and instance: who is asked, with which token, and what goes wrong.
#include "aws/metadata.hpp"

#include "chain_fixture.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class MetadataTest : public ChainTest {};

TEST_F(MetadataTest, pod_identity_gets_the_token_of_its_file_read_each_time) {
  lay_out_pod();
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "of the variable";
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/var/pod";
  disk_content["/var/pod"] = "PODIDTOKEN";
  const auto found = resolve().value();
  EXPECT_EQ(found.source, "container");
  EXPECT_EQ(found.key.session_token, "sessiontoken");
  EXPECT_EQ(header_of(http.calls.back(), "Authorization"), "PODIDTOKEN");
  EXPECT_EQ(header_of(http.calls.back(), "Accept"), "application/json");
  disk_content["/var/pod"] = "NEXT";
  resolve().value();
  EXPECT_EQ(header_of(http.calls.back(), "Authorization"), "NEXT");
  environment.erase("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  resolve().value();
  EXPECT_EQ(header_of(http.calls.back(), "Authorization"), "of the variable");
}

TEST_F(MetadataTest, the_requests_to_container_and_instance_are_those_of_an_sdk) {
  const auto captured = read_capture("credential-capture.txt");
  if (captured.empty()) GTEST_SKIP() << "no captured requests in " << corpus("wire");
  lay_out_pod();
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "PODIDTOKEN";
  resolve().value();
  environment.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  http.lay_out(token_url, http_answer(200, "TOKENTOKEN=="));
  http.lay_out(roles_url, http_answer(200, "my-role"));
  http.lay_out(std::string(roles_url) + "my-role", http_answer(200, json_credentials("IMDS")));
  resolve().value();
  ASSERT_EQ(http.calls.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& ours = http.calls.at(i);
    const auto& theirs = captured.at(i + 1);
    EXPECT_EQ(ours.method + " " + ours.url.path, theirs.method + " " + theirs.path);
    EXPECT_EQ(ours.body, theirs.body);
    for (const char* name :
         {"Accept", "Authorization", "x-aws-ec2-metadata-token-ttl-seconds", "x-aws-ec2-metadata-token"}) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      EXPECT_EQ(header_of(ours, name), theirs.header(lower)) << name;
    }
  }
}

TEST_F(MetadataTest, a_token_with_a_line_break_is_not_sent) {
  lay_out_pod();
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/var/pod";
  for (const char* token : {"topsecret\n", "topsecret\rX: y", "\r\n"}) {
    disk_content["/var/pod"] = token;
    const auto why = error();
    EXPECT_EQ(why.code, Errc::invalid);
    EXPECT_THAT(why.message, AllOf(HasSubstr("line break"), Not(HasSubstr("topsecret"))));
  }
  EXPECT_TRUE(http.calls.empty());
  disk_content.erase("/var/pod");
  EXPECT_THAT(error().message, HasSubstr("/var/pod cannot be read"));
}

TEST_F(MetadataTest, a_container_endpoint_that_stumbles_is_asked_three_times) {
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x?id=1";
  const char* url = "GET http://169.254.170.2:80/v2/x?id=1";
  http.lay_out(url, base::fail(Errc::timeout, "no answer"));
  http.lay_out(url, http_answer(500, "topsecret"));
  http.lay_out(url, http_answer(200, json_credentials("ECS")));
  EXPECT_EQ(id(), "ECS");
  EXPECT_EQ(clock.wall_now(), support::ManualClock().wall_now() + std::chrono::seconds(2));
  http.forget();
  http.lay_out(url, http_answer(500, "topsecret"));
  const auto why = error();
  EXPECT_EQ(why.code, Errc::unavailable);
  EXPECT_EQ(why.message, "container: the endpoint answers 500");
}

class ContainerHost : public MetadataTest,
                      public testing::WithParamInterface<std::pair<const char*, bool>> {};

TEST_P(ContainerHost, only_the_agents_this_machine_and_https_get_the_token) {
  const auto url = container_url({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", GetParam().first}});
  EXPECT_EQ(url.has_value(), GetParam().second) << GetParam().first;
}

INSTANTIATE_TEST_SUITE_P(
    Hosts, ContainerHost,
    testing::Values(std::pair{"http://169.254.170.2/x", true}, std::pair{"http://169.254.170.23/x", true},
                    std::pair{"http://[fd00:ec2::23]/x", true}, std::pair{"http://127.0.0.1:80/x", true},
                    std::pair{"http://[::1]/x", true}, std::pair{"http://localhost/x", true},
                    std::pair{"https://any.example/x", true}, std::pair{"http://any.example/x", false},
                    std::pair{"http://169.254.169.254/x", false},
                    std::pair{"http://169.254.170.2.example/x", false},
                    std::pair{"http://localhost.example/x", false}, std::pair{"http://192.168.1.1/x", false},
                    std::pair{"file:///x", false}));

TEST_F(MetadataTest, a_relative_uri_is_one) {
  EXPECT_FALSE(container_url({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/"}}));
  EXPECT_FALSE(container_url({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x"}}));
}

TEST_F(MetadataTest, instance_metadata_is_asked_with_a_token) {
  lay_out_imds();
  const auto found = resolve().value();
  EXPECT_EQ(found.source, "imds");
  EXPECT_EQ(header_of(http.calls.at(0), "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(header_of(http.calls.at(2), "x-aws-ec2-metadata-token"), "imdstoken==");
}

TEST_F(MetadataTest, without_a_token_only_where_the_service_has_none) {
  for (const int status : {403, 404, 405}) {
    http.forget();
    http.calls.clear();
    lay_out_imds();
    http.forget();
    http.lay_out(token_url, http_answer(status, ""));
    http.lay_out(roles_url, http_answer(200, "r"));
    http.lay_out(std::string(roles_url) + "r", http_answer(200, json_credentials("V1")));
    EXPECT_EQ(id(), "V1") << status;
    EXPECT_EQ(header_of(http.calls.back(), "x-aws-ec2-metadata-token"), "");
  }
  environment["AWS_EC2_METADATA_V1_DISABLED"] = "true";
  EXPECT_THAT(error().message, HasSubstr("IMDSv1 is switched off"));
  environment.erase("AWS_EC2_METADATA_V1_DISABLED");
  for (const int status : {400, 500}) {
    http.forget();
    http.lay_out(token_url, http_answer(status, ""));
    EXPECT_EQ(error().code, Errc::not_found);
  }
  http.forget();
  http.lay_out(token_url, base::fail(Errc::timeout, "no answer within 1 s"));
  EXPECT_THAT(error().message, HasSubstr("no answer within 1 s"));
}

TEST_F(MetadataTest, instance_metadata_may_be_elsewhere_or_off) {
  environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1338/";
  http.lay_out("PUT http://127.0.0.1:1338/latest/api/token", http_answer(404, ""));
  error();
  EXPECT_EQ(http.urls().back(), "GET http://127.0.0.1:1338/latest/meta-data/iam/security-credentials/");
  environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "";
  environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
  error();
  EXPECT_EQ(http.urls().back(), "PUT http://[fd00:ec2::254]:80/latest/api/token");
  environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "nonsense";
  EXPECT_EQ(error().code, Errc::invalid);
  environment["AWS_EC2_METADATA_DISABLED"] = "true";
  const auto asked = http.calls.size();
  EXPECT_THAT(error().message, HasSubstr("AWS_EC2_METADATA_DISABLED"));
  EXPECT_EQ(http.calls.size(), asked);
}

TEST_F(MetadataTest, an_instance_without_a_role_has_nothing) {
  http.lay_out(token_url, http_answer(200, "t"));
  http.lay_out(roles_url, http_answer(404, ""));
  EXPECT_THAT(error().message, HasSubstr("no role is attached"));
}

TEST_F(MetadataTest, what_is_wrong_with_the_role_is_told) {
  http.lay_out(token_url, http_answer(200, "t"));
  http.lay_out(roles_url, http_answer(200, "r"));
  const std::string url = std::string(roles_url) + "r";
  http.lay_out(url, http_answer(200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot"})"));
  http.lay_out(url, http_answer(500, "topsecret"));
  http.lay_out(url, http_answer(200, R"({"Code":"Success","SecretAccessKey":"topsecret"})"));
  http.lay_out(
      url,
      http_answer(200,
                  R"({"Code":"Success","AccessKeyId":"a","SecretAccessKey":"topsecret","Expiration":"x"})"));
  http.lay_out(url, http_answer(200, "topsecret"));
  EXPECT_EQ(error().message, "imds: AssumeRoleUnauthorizedAccess EC2 cannot");
  EXPECT_EQ(error().message, "imds: role r is answered 500");
  for (int i = 0; i < 3; ++i) {
    const auto why = error();
    EXPECT_EQ(why.code, Errc::protocol);
    EXPECT_THAT(why.message, Not(HasSubstr("topsecret")));
  }
}

}  // namespace
}  // namespace postern::aws
