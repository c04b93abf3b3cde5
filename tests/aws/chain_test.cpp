// Which source gives the credentials; profiles, roles and web identity.
#include "aws/chain.hpp"

#include "chain_fixture.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(ChainTest, each_source_is_passed_over_for_the_one_before_it) {
  lay_out_imds();
  EXPECT_EQ(id(), "IMDS");
  lay_out_pod();
  EXPECT_EQ(id(), "POD");
  disk_content[config_file] = "[default]\naws_access_key_id=CONFIG\naws_secret_access_key=s\n";
  EXPECT_EQ(id(), "CONFIG");
  disk_content[credentials_file] = "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n";
  EXPECT_EQ(id(), "FILE");
  lay_out_web_identity();
  EXPECT_EQ(id(), "WEB");
  disk_content[config_file] += "[profile r]\nrole_arn=arn:r\nsource_profile=default\n";
  environment["AWS_PROFILE"] = "r";
  http.forget();
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRole", "ROLE")));
  EXPECT_EQ(id(), "ROLE");
  environment["AWS_ACCESS_KEY_ID"] = "ENV";
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(id(), "ENV");
  options.profile = "r";
  EXPECT_EQ(id(), "ROLE");
  options.access_key_id = "CONFIGURED";
  options.secret_access_key = "s";
  EXPECT_EQ(id(), "CONFIGURED");
}

TEST_F(ChainTest, nothing_at_all_says_what_was_tried_and_what_to_do) {
  const auto why = error();
  EXPECT_EQ(why.code, Errc::not_found);
  EXPECT_THAT(why.message, AllOf(HasSubstr("/home/u/.aws/credentials"), HasSubstr("nobody listens"),
                                 HasSubstr("Set aws.access_key_id")));
}

TEST_F(ChainTest, half_of_a_pair_is_an_error_not_the_next_source) {
  lay_out_imds();
  environment["AWS_ACCESS_KEY_ID"] = "ENV";
  EXPECT_EQ(error().message, "environment: AWS_SECRET_ACCESS_KEY is missing");
  environment.erase("AWS_ACCESS_KEY_ID");
  disk_content[credentials_file] = "[default]\naws_secret_access_key = topsecret\n";
  EXPECT_EQ(error().message, "profile default of /home/u/.aws/credentials: aws_access_key_id is missing");
  options.access_key_id = "X";
  EXPECT_EQ(error().message, "configuration: aws.secret_access_key is missing");
}

TEST_F(ChainTest, the_environment_may_name_an_expiration) {
  environment["AWS_ACCESS_KEY_ID"] = "ENV";
  environment["AWS_SECRET_ACCESS_KEY"] = "topsecret";
  environment["AWS_SESSION_TOKEN"] = "sessiontoken";
  environment["AWS_CREDENTIAL_EXPIRATION"] = "2026-11-24T16:00:00Z";
  const auto found = resolve().value();
  EXPECT_EQ(found.key.session_token, "sessiontoken");
  EXPECT_EQ(base::to_rfc3339(*found.expires), "2026-11-24T16:00:00.000Z");
  environment["AWS_CREDENTIAL_EXPIRATION"] = "soon";
  EXPECT_EQ(error().code, Errc::invalid);
}

TEST_F(ChainTest, a_profile_that_is_asked_for_has_to_exist) {
  lay_out_imds();
  environment["AWS_PROFILE"] = "none";
  const auto why = error();
  EXPECT_EQ(why.code, Errc::not_found);
  EXPECT_THAT(why.message, HasSubstr("there is no profile none"));
}

TEST_F(ChainTest, a_file_that_cannot_be_read_is_an_error_not_the_next_source) {
  lay_out_imds();
  unreadable = credentials_file;
  const auto why = error();
  EXPECT_EQ(why.code, Errc::permission);
  EXPECT_EQ(why.message, "/home/u/.aws/credentials cannot be read");
  unreadable.clear();
  disk_content[config_file] = "[default]\nnonsense\n";
  EXPECT_THAT(error().message, StartsWith("/home/u/.aws/config:2: "));
}

TEST_F(ChainTest, what_a_daemon_cannot_do_names_what_to_use_instead) {
  disk_content[config_file] = "[default]\nsso_session = s\n";
  EXPECT_THAT(error().message, AllOf(HasSubstr("sso_session"), HasSubstr("Pod Identity")));
  disk_content[config_file] =
      "[default]\ncredential_process = /bin/topsecret\naws_access_key_id=A\naws_secret_access_key=s\n";
  EXPECT_THAT(error().message, AllOf(HasSubstr("credential_process"), HasSubstr("runs no programs"),
                                     Not(HasSubstr("topsecret"))));
  disk_content[credentials_file] = "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n";
  EXPECT_EQ(id(), "FILE");
}

TEST_F(ChainTest, web_identity_asks_sts_as_an_sdk_does) {
  lay_out_web_identity();
  environment["AWS_ROLE_SESSION_NAME"] = "botocore-session-1795489891";
  const auto found = resolve().value();
  EXPECT_EQ(found.key.access_key_id, "WEB");
  EXPECT_EQ(found.source, "web identity, role arn:aws:iam::123456789012:role/relay");
  EXPECT_EQ(base::to_rfc3339(*found.expires), "2026-11-24T11:00:00.000Z");
  const auto& call = http.calls.back();
  EXPECT_EQ(call.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%"
            "3Arole%2F"
            "relay&RoleSessionName=botocore-session-1795489891&WebIdentityToken=eyJhbGciOi.JWT.SIG");
  EXPECT_EQ(header_of(call, "Content-Type"), "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(header_of(call, "Authorization"), "");
  const auto captured = read_capture("credential-capture.txt");
  if (captured.empty()) GTEST_SKIP() << "no captured requests in " << corpus("wire");
  EXPECT_EQ(call.method + " " + call.url.path, captured.at(0).method + " " + captured.at(0).path);
  EXPECT_EQ(call.body, captured.at(0).body);
  EXPECT_EQ(header_of(call, "Content-Type"), captured.at(0).header("content-type"));
}

TEST_F(ChainTest, the_token_is_read_each_time) {
  lay_out_web_identity();
  resolve().value();
  disk_content["/var/token"] = "second";
  resolve().value();
  EXPECT_THAT(http.calls.back().body, EndsWith("&WebIdentityToken=second"));
}

TEST_F(ChainTest, another_sts_may_be_named) {
  lay_out_web_identity();
  environment["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:9";
  http.lay_out("POST http://127.0.0.1:9/",
               http_answer(200, sts_credentials("AssumeRoleWithWebIdentity", "LOCAL")));
  EXPECT_EQ(id(), "LOCAL");
  environment["AWS_ENDPOINT_URL_STS"] = "http://sts.example";
  EXPECT_THAT(error().message, HasSubstr("https://"));
}

TEST_F(ChainTest, web_identity_names_what_is_missing) {
  lay_out_web_identity();
  environment.erase("AWS_REGION");
  EXPECT_THAT(error().message, HasSubstr("no region"));
  options.region = "eu-west-1";
  EXPECT_EQ(id(), "WEB");
  disk_content["/var/token"] = " \n";
  EXPECT_THAT(error().message, HasSubstr("/var/token is empty"));
  disk_content.erase("/var/token");
  EXPECT_THAT(error().message, HasSubstr("/var/token cannot be read"));
  environment.erase("AWS_ROLE_ARN");
  EXPECT_THAT(error().message, HasSubstr("AWS_ROLE_ARN"));
}

TEST_F(ChainTest, what_sts_says_comes_along_without_the_token) {
  lay_out_web_identity();
  http.forget();
  http.lay_out(sts_url,
               http_answer(400,
                           "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>No provider "
                           "for eyJhbGciOi.JWT.SIG</Message></Error></ErrorResponse>"));
  const auto why = error();
  EXPECT_EQ(why.code, Errc::permission);
  EXPECT_THAT(why.message, AllOf(HasSubstr("InvalidIdentityToken No provider for ***"),
                                 HasSubstr("role/relay"), Not(HasSubstr("JWT"))));
}

TEST_F(ChainTest, sts_that_is_down_is_asked_three_times) {
  lay_out_web_identity();
  http.forget();
  http.lay_out(sts_url, http_answer(503, "<html>"));
  http.lay_out(sts_url, base::fail(Errc::timeout, "no answer"));
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRoleWithWebIdentity", "WEB")));
  EXPECT_EQ(id(), "WEB");
  EXPECT_EQ(http.calls.size(), 3U);
  http.forget();
  http.lay_out(sts_url, http_answer(500, ""));
  EXPECT_EQ(error().code, Errc::unavailable);
  EXPECT_EQ(http.calls.size(), 6U);
}

TEST_F(ChainTest, an_answer_of_sts_that_is_none_is_refused) {
  lay_out_web_identity();
  for (const std::string& body :
       {std::string("<html>topsecret"), sts_credentials("AssumeRole", "OTHER"), std::string(),
        std::string("<A><SecretAccessKey>topsecret</SecretAccessKey></A>")}) {
    http.forget();
    http.lay_out(sts_url, http_answer(200, body));
    const auto why = error();
    EXPECT_EQ(why.code, Errc::protocol) << body;
    EXPECT_THAT(why.message, Not(HasSubstr("topsecret")));
  }
}

TEST_F(ChainTest, a_role_is_assumed_with_the_keys_of_its_source) {
  disk_content[config_file] =
      "[profile r]\nrole_arn = arn:r\nsource_profile = s\nexternal_id = e/x\nduration_seconds = 900\n"
      "region = eu-west-1\n[profile s]\nregion = us-east-1\n";
  disk_content[credentials_file] = "[s]\naws_access_key_id = SOURCE\naws_secret_access_key = topsecret\n";
  options.profile = "r";
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRole", "ROLE")));
  const auto found = resolve().value();
  EXPECT_EQ(found.source, "role arn:r");
  const auto& call = http.calls.back();
  EXPECT_EQ(call.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=postern&ExternalId=e%2Fx"
            "&DurationSeconds=900");
  EXPECT_THAT(header_of(call, "Authorization"),
              StartsWith("AWS4-HMAC-SHA256 Credential=SOURCE/20261124/eu-west-1/sts/aws4_request, "
                         "SignedHeaders=content-type;host;x-amz-date, Signature="));
}

TEST_F(ChainTest, roles_are_assumed_one_after_the_other) {
  disk_content[config_file] =
      "[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = "
      "c\n";
  disk_content[credentials_file] = "[c]\naws_access_key_id = KEYS\naws_secret_access_key = topsecret\n";
  options.profile = "a";
  options.region = "eu-west-1";
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRole", "FIRST")));
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRole", "SECOND")));
  EXPECT_EQ(id(), "SECOND");
  EXPECT_THAT(http.calls.at(0).body, HasSubstr("arn%3Ab"));
  EXPECT_THAT(header_of(http.calls.at(1), "Authorization"), HasSubstr("Credential=FIRST/"));
  EXPECT_EQ(header_of(http.calls.at(1), "X-Amz-Security-Token"), "sessiontoken");
}

TEST_F(ChainTest, a_role_may_come_from_the_environment_the_container_or_the_instance) {
  options.region = "eu-west-1";
  options.profile = "r";
  environment["AWS_ACCESS_KEY_ID"] = "ENV";
  environment["AWS_SECRET_ACCESS_KEY"] = "topsecret";
  lay_out_pod();
  lay_out_imds();
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRole", "ROLE")));
  for (const auto& [source, with] : std::map<std::string, std::string>{
           {"Environment", "ENV"}, {"EcsContainer", "POD"}, {"Ec2InstanceMetadata", "IMDS"}}) {
    disk_content[config_file] = "[profile r]\nrole_arn = arn:r\ncredential_source = " + source + "\n";
    EXPECT_EQ(id(), "ROLE");
    EXPECT_THAT(header_of(http.calls.back(), "Authorization"), HasSubstr("Credential=" + with + "/"));
  }
  disk_content[config_file] = "[profile r]\nrole_arn = arn:r\ncredential_source = Nowhere\n";
  EXPECT_THAT(error().message, HasSubstr("credential_source is Environment,"));
  environment.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  disk_content[config_file] = "[profile r]\nrole_arn = arn:r\ncredential_source = EcsContainer\n";
  EXPECT_THAT(error().message, HasSubstr("its source (EcsContainer) has no credentials"));
}

TEST_F(ChainTest, a_profile_may_have_its_own_web_identity) {
  options.region = "eu-west-1";
  environment["AWS_PROFILE"] = "w";
  disk_content["/t"] = "tok";
  disk_content[config_file] =
      "[profile w]\nrole_arn = arn:w\nweb_identity_token_file = /t\nrole_session_name = n\n"
      "[profile r]\nrole_arn = arn:r\nsource_profile = w\n";
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRoleWithWebIdentity", "WEB")));
  EXPECT_EQ(id(), "WEB");
  EXPECT_THAT(http.calls.back().body, EndsWith("RoleArn=arn%3Aw&RoleSessionName=n&WebIdentityToken=tok"));
  http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRole", "ROLE")));
  environment["AWS_PROFILE"] = "r";
  EXPECT_EQ(id(), "ROLE");
}

}  // namespace
}  // namespace postern::aws
