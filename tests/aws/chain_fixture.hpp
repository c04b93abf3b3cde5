// What the tests of the credential chain share: sources that can be laid out, and what the chain finds.
#pragma once

#include "aws/chain.hpp"

#include "corpus.hpp"
#include "fake_http.hpp"

namespace postern::aws {

inline constexpr const char* token_url = "PUT http://169.254.169.254:80/latest/api/token";
inline constexpr const char* roles_url =
    "GET http://169.254.169.254:80/latest/meta-data/iam/security-credentials/";
inline constexpr const char* pod_url = "GET http://169.254.170.23:80/v1/credentials";
inline constexpr const char* sts_url = "POST https://sts.eu-west-1.amazonaws.com:443/";

inline std::string json_credentials(const std::string& id) {
  return R"({"Code":"Success","AccessKeyId":")" + id +
         R"(","SecretAccessKey":"topsecret","Token":"sessiontoken","Expiration":"2026-11-24T16:00:00Z"})";
}

inline std::string sts_credentials(const std::string& action, const std::string& id) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><Credentials><AccessKeyId>" + id +
         "</AccessKeyId><SecretAccessKey>topsecret</SecretAccessKey><SessionToken>sessiontoken</SessionToken>"
         "<Expiration>2026-11-24T11:00:00Z</Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

class ChainTest : public AwsTest {
 protected:
  base::Result<Credentials> resolve() {
    Chain chain(options, sources());
    return run(chain.resolve());
  }
  std::string id() {
    const auto found = resolve();
    return found ? found->key.access_key_id : found.error().message;
  }
  base::Error error() {
    auto found = resolve();
    EXPECT_FALSE(found);
    return found ? base::Error() : found.error();
  }
  void lay_out_imds() {
    http.lay_out(token_url, http_answer(200, "imdstoken=="));
    http.lay_out(roles_url, http_answer(200, "my role\n"));
    http.lay_out(std::string(roles_url) + "my%20role", http_answer(200, json_credentials("IMDS")));
  }
  void lay_out_pod() {
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
    http.lay_out(pod_url, http_answer(200, json_credentials("POD")));
  }
  void lay_out_web_identity() {
    environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/var/token";
    environment["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/relay";
    environment["AWS_REGION"] = "eu-west-1";
    disk_content["/var/token"] = "eyJhbGciOi.JWT.SIG\n";
    http.lay_out(sts_url, http_answer(200, sts_credentials("AssumeRoleWithWebIdentity", "WEB")));
  }

  static constexpr const char* credentials_file = "/home/u/.aws/credentials";
  static constexpr const char* config_file = "/home/u/.aws/config";
  CredentialOptions options;
};

}  // namespace postern::aws
