#include "sandbox/api_signature.hpp"

#include "api_fixture.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class ApiSignatureTest : public ApiTest {
 protected:
  std::string check(const net::HttpRequest& request, bool legacy = false) {
    const auto refused = check_signature(request, {key_, options_.region, clock_.wall_now(), legacy});
    return refused ? std::to_string(refused->status) + " " + refused->type : "good";
  }
  net::HttpRequest signed_request() {
    auto out =
        request("PUT", "/v2/email/suppression/addresses/O%27Brien%2Bx%40Example.com", "a=1&b=%2F", "{}");
    out.headers["content-type"] = "application/json";
    sign(out);
    return out;
  }
};

constexpr auto invalid = "403 InvalidSignatureException";

}  // namespace

TEST_F(ApiSignatureTest, good_one_passes) {
  EXPECT_EQ(check(signed_request()), "good");
}

TEST_F(ApiSignatureTest, any_change_to_what_is_signed_is_found) {
  const std::vector<std::function<void(net::HttpRequest&)>> changes = {
      [](auto& r) { r.method = "DELETE"; },
      [](auto& r) { r.path += "x"; },
      [](auto& r) { r.path = "/v2/email/suppression/addresses/O%27Brien+x%40Example.com"; },
      [](auto& r) { r.query = "a=1&b=%2E"; },
      [](auto& r) { r.body = "{ }"; },
      [](auto& r) { r.headers["host"] = "other"; },
      [](auto& r) { r.headers["content-type"] = "text/plain"; },
      [](auto& r) { r.headers.erase("content-type"); },
      [](auto& r) { r.headers["authorization"].back() ^= 1; },
      [](auto& r) { r.headers["authorization"].pop_back(); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto changed = signed_request();
    changes[i](changed);
    EXPECT_EQ(check(changed), invalid) << i;
  }
}

TEST_F(ApiSignatureTest, header_that_is_not_signed_may_change) {
  auto asked = signed_request();
  asked.headers["user-agent"] = "a proxy";
  EXPECT_EQ(check(asked), "good");
}

TEST_F(ApiSignatureTest, wrong_secret_and_unknown_key_are_told_apart) {
  auto asked = request("GET", "/v2/email/account");
  key_.secret_access_key = "other";
  sign(asked);
  key_.secret_access_key = "secret/+key";
  EXPECT_EQ(check(asked), invalid);
  EXPECT_EQ(check(asked, true), "403 SignatureDoesNotMatch");
  key_.access_key_id = "AKIDOTHER";
  EXPECT_EQ(check(asked), "403 UnrecognizedClientException");
  EXPECT_EQ(check(asked, true), "403 InvalidClientTokenId");
}

TEST_F(ApiSignatureTest, session_token_has_to_be_the_right_one) {
  auto without = request("GET", "/v2/email/account");
  sign(without);
  key_.session_token = "TOKEN";
  auto with = request("GET", "/v2/email/account");
  sign(with);
  EXPECT_EQ(check(with), "good");
  EXPECT_EQ(check(without), "403 UnrecognizedClientException");
  key_.session_token = "";
  EXPECT_EQ(check(with), "403 UnrecognizedClientException") << "a key of its own has none";
}

TEST_F(ApiSignatureTest, five_minutes_either_way_are_close_enough) {
  for (const auto skew : {minutes(-5), minutes(5)}) {
    auto asked = request("GET", "/v2/email/account");
    sign(asked, skew);
    EXPECT_EQ(check(asked), "good");
  }
  for (const auto skew : {minutes(-5) - seconds(1), minutes(5) + seconds(1)}) {
    auto asked = request("GET", "/v2/email/account");
    sign(asked, skew);
    EXPECT_EQ(check(asked), invalid);
    EXPECT_EQ(check(asked, true), "403 RequestTimeTooSkewed");
  }
}

TEST_F(ApiSignatureTest, skew_is_told_with_both_times) {
  auto asked = request("GET", "/v2/email/account");
  sign(asked, minutes(-10));
  EXPECT_EQ(check_signature(asked, {key_, options_.region, clock_.wall_now(), false})->message,
            "Signature expired: 20261124T095000Z is now earlier than 20261124T095500Z (20261124T100000Z - 5 "
            "min.)");
  sign(asked, minutes(10));
  EXPECT_EQ(check_signature(asked, {key_, options_.region, clock_.wall_now(), false})->message,
            "Signature not yet current: 20261124T101000Z is still later than 20261124T100500Z "
            "(20261124T100000Z + 5 min.)");
}

TEST_F(ApiSignatureTest, scope_has_to_fit) {
  region_ = "us-east-1";
  EXPECT_EQ(check(signed_request()), invalid);
  region_ = options_.region;
  name_of_service_ = "email";
  EXPECT_EQ(check(signed_request()), invalid);
  name_of_service_ = "ses";
  auto other_day = signed_request();
  auto& text = other_day.headers["authorization"];
  text.replace(text.find("/20261124/"), 10, "/20261123/");
  EXPECT_EQ(check(other_day), invalid);
}

TEST_F(ApiSignatureTest, what_is_no_authorization_is_named) {
  auto asked = signed_request();
  asked.headers.erase("authorization");
  EXPECT_EQ(check(asked), "403 MissingAuthenticationTokenException");
  for (const auto* bad : {"Basic dTpw", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c, Signature=x",
                          "AWS4-HMAC-SHA256 Credential=a/20261124/r/ses/aws4_request, SignedHeaders=host"}) {
    asked.headers["authorization"] = bad;
    EXPECT_EQ(check(asked), "400 IncompleteSignatureException") << bad;
  }
}

TEST_F(ApiSignatureTest, date_that_is_none_is_named) {
  for (const auto* bad : {"", "20261124", "20261324T100000Z", "20261124T100000+", "2026-11-24T10:00:00Z"}) {
    auto asked = signed_request();
    asked.headers["x-amz-date"] = bad;
    EXPECT_EQ(check(asked), "400 IncompleteSignatureException") << bad;
  }
}

TEST_F(ApiSignatureTest, host_and_date_have_to_be_signed) {
  for (const auto* name : {"host;", ";x-amz-date"}) {
    auto asked = signed_request();
    auto& text = asked.headers["authorization"];
    const auto at = text.find(name);
    ASSERT_NE(at, std::string::npos) << text;
    text.erase(at, std::string_view(name).size());
    EXPECT_EQ(check(asked), invalid) << name;
  }
}

}  // namespace postern::sandbox
