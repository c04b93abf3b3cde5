// The calls of SES: what is sent, and what answers become.
#include "postern/aws/ses.hpp"

#include <boost/json.hpp>

#include "aws/ses_answer.hpp"
#include "corpus.hpp"
#include "ses_fixture.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST_F(SesTest, every_call_is_the_request_that_an_sdk_sends) {
  const auto captured = read_capture("sdk-capture.txt");
  if (captured.empty()) GTEST_SKIP() << "no captured requests in " << corpus("wire");
  // The second at which they were captured.
  clock.set(base::from_rfc3339("2026-11-24T03:04:08Z").value() - clock.wall_now());
  SuppressedQuery query;
  query.reasons = {"BOUNCE", "COMPLAINT"};
  query.start_date = base::from_rfc3339("2026-11-01T00:00:00Z").value();
  query.next_token = "abc/+==";
  run(ses().list_suppressed(query));
  run(ses().get_suppressed("O'Brien+tag/x@Example.com"));
  run(ses().put_suppressed("A@Example.com", "BOUNCE"));
  run(ses().delete_suppressed("A+b@Example.com"));
  run(ses().account());
  run(ses().put_account_suppression({"BOUNCE"}));
  ASSERT_THAT(http.calls, SizeIs(6));
  for (std::size_t i = 0; i < 6; ++i) {
    const auto& ours = http.calls.at(i);
    auto theirs = captured.at(i);
    SCOPED_TRACE(theirs.method + " " + theirs.path);
    const std::string end_date = "&EndDate=2021-01-20T07%3A00%3A00Z";
    const auto at = theirs.query.find(end_date);
    if (at != std::string::npos) theirs.query.erase(at, end_date.size());
    EXPECT_EQ(ours.method, theirs.method);
    EXPECT_EQ(ours.url.path, theirs.path);
    EXPECT_EQ(ours.url.query, theirs.query);
    EXPECT_EQ(header_of(ours, "Host"), theirs.header("host"));
    EXPECT_EQ(header_of(ours, "Content-Type"), theirs.header("content-type"));
    EXPECT_EQ(header_of(ours, "X-Amz-Date"), theirs.header("x-amz-date"));
    EXPECT_EQ(header_of(ours, "Accept-Encoding"), theirs.header("accept-encoding"));
    const auto ours_signed = header_of(ours, "Authorization"), theirs_signed = theirs.header("authorization");
    const auto names = [](const std::string& text) { return text.substr(0, text.find("Signature=")); };
    EXPECT_EQ(names(ours_signed), names(theirs_signed));
    if (theirs.body.empty() && at == std::string::npos) {
      EXPECT_EQ(ours_signed, theirs_signed);
    } else if (!theirs.body.empty()) {
      EXPECT_EQ(boost::json::parse(ours.body), boost::json::parse(theirs.body));
    }
  }
}

TEST_F(SesTest, whole_addresses_and_names_are_encoded) {
  run(ses().get_suppressed("\"a b\"@\xc3\xa4.example"));
  run(ses().configuration_set_reasons("my set/x"));
  EXPECT_THAT(
      http.urls(),
      ElementsAre("GET http://127.0.0.1:18099/v2/email/suppression/addresses/%22a%20b%22%40%C3%A4.example",
                  "GET http://127.0.0.1:18099/v2/email/configuration-sets/my%20set%2Fx"));
}

TEST_F(SesTest, a_session_token_goes_along_and_is_signed) {
  credentials.next.clear();
  credentials.add("ASIAEXAMPLE", "TOKEN");
  run(ses().account());
  EXPECT_EQ(header_of(http.calls.back(), "X-Amz-Security-Token"), "TOKEN");
  EXPECT_THAT(header_of(http.calls.back(), "Authorization"),
              HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
}

TEST_F(SesTest, the_endpoint_may_have_a_path) {
  options.endpoint_url = "http://127.0.0.1:18099/base/";
  run(ses().account());
  EXPECT_THAT(http.urls(), ElementsAre("GET http://127.0.0.1:18099/base/v2/email/account"));
}

TEST_F(SesTest, without_a_region_or_with_a_bad_endpoint_there_is_none) {
  options.region.clear();
  EXPECT_EQ(make_ses(options, clock, http, credentials).error().code, Errc::invalid);
  options = {"us-west-2", "nonsense", {}};
  EXPECT_EQ(make_ses(options, clock, http, credentials).error().code, Errc::invalid);
}

TEST_F(SesTest, a_page_is_read_with_every_kind_of_address) {
  lay_out("GET /v2/email/suppression/addresses?PageSize=1000",
          http_answer(200, R"({"SuppressedDestinationSummaries":[
            {"EmailAddress":"a@example.com","LastUpdateTime":1611126000.25,"Reason":"BOUNCE"},
            {"EmailAddress":"\"two words\"@example.com","LastUpdateTime":1.611126E9,"Reason":"COMPLAINT"},
            {"EmailAddress":"\u00e4 \\ '+/x@EXAMPLE.com","Reason":"BOUNCE",
             "LastUpdateTime":1611126000,"More":{}}],
            "NextToken":"abc/+=="})"));
  const auto page = run(ses().list_suppressed({}));
  ASSERT_TRUE(page) << page.error().message;
  const auto at = base::from_rfc3339("2021-01-20T07:00:00Z").value();
  EXPECT_THAT(page->addresses,
              ElementsAre(SuppressedAddress{"a@example.com", "BOUNCE", at + base::Duration(250)},
                          SuppressedAddress{"\"two words\"@example.com", "COMPLAINT", at},
                          SuppressedAddress{"\xc3\xa4 \\ '+/x@EXAMPLE.com", "BOUNCE", at}));
  EXPECT_EQ(page->next_token, "abc/+==");
}

TEST_F(SesTest, a_start_date_is_rounded_down) {
  SuppressedQuery query;
  query.start_date = base::from_rfc3339("2026-11-01T00:00:59.999Z").value();
  query.page_size = 10;
  run(ses().list_suppressed(query));
  EXPECT_EQ(http.calls.back().url.query, "StartDate=2026-11-01T00%3A00%3A59Z&PageSize=10");
}

TEST(SesAnswer, an_empty_page_is_one_and_the_last) {
  for (const char* text : {R"({"SuppressedDestinationSummaries":[]})",
                           R"({"SuppressedDestinationSummaries":null,"NextToken":null})"}) {
    const auto page = read_page(text);
    ASSERT_TRUE(page) << text;
    EXPECT_THAT(page->addresses, IsEmpty());
    EXPECT_EQ(page->next_token, "");
  }
}

TEST(SesAnswer, a_page_that_is_none_is_no_page) {
  for (const char* text :
       {"", "<html>", "[]", "{}", R"({"message":"hello"})", R"({"SuppressedDestinationSummaries":{}})",
        R"({"SuppressedDestinationSummaries":["a@b.c"]})",
        R"({"SuppressedDestinationSummaries":[{"EmailAddress":"a@b.c"}]})",
        R"({"SuppressedDestinationSummaries":[{"EmailAddress":"","Reason":"BOUNCE"}]})",
        R"({"SuppressedDestinationSummaries":[{"Reason":"BOUNCE"}]})",
        R"({"SuppressedDestinationSummaries":[{"EmailAddress":1,"Reason":"BOUNCE"}]})",
        R"({"SuppressedDestinationSummaries":[{"EmailAddress":"a@b","Reason":"X","LastUpdateTime":"x"}]})",
        R"({"SuppressedDestinationSummaries":[],"NextToken":7})", R"({"SuppressedDestinationSummaries":[)",
        "{\"SuppressedDestinationSummaries\":[{\"EmailAddress\":\"\xff@b.c\",\"Reason\":\"BOUNCE\"}]}"}) {
    const auto page = read_page(text);
    ASSERT_FALSE(page) << text;
    EXPECT_EQ(page.error().code, Errc::protocol);
    EXPECT_THAT(page.error().message, StartsWith("not an answer of SES: "));
    EXPECT_LT(page.error().message.size(), 120U);
  }
}

TEST_F(SesTest, one_address_is_read_or_is_not_there) {
  lay_out("GET /v2/email/suppression/addresses/a%40b.c",
          http_answer(
              200, R"({"SuppressedDestination":{"EmailAddress":"a@b.c","Reason":"BOUNCE","LastUpdateTime":1.5,
                              "Attributes":{"MessageId":"m"}}})"));
  EXPECT_EQ(run(ses().get_suppressed("a@b.c"))->address, "a@b.c");
  lay_out("GET /v2/email/suppression/addresses/x%40b.c",
          refusal(404, "NotFoundException", "Email address x@b.c does not exist on your suppression list."));
  const auto none = run(ses().get_suppressed("x@b.c"));
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_THAT(none.error().message, HasSubstr("does not exist on your suppression list."));
  lay_out("GET /v2/email/suppression/addresses/y%40b.c", http_answer(404, "<html>Not Found</html>"));
  EXPECT_EQ(run(ses().get_suppressed("y@b.c")).error().code, Errc::protocol) << "404 of something else";
  lay_out("GET /v2/email/suppression/addresses/z%40b.c", http_answer(200, "{}"));
  EXPECT_EQ(run(ses().get_suppressed("z@b.c")).error().code, Errc::protocol);
}

TEST_F(SesTest, what_changes_something_is_done_or_says_why_not) {
  lay_out("PUT /v2/email/suppression/addresses", http_answer(200, ""));
  EXPECT_TRUE(run(ses().put_suppressed("a@b.c", "BOUNCE")));
  lay_out("DELETE /v2/email/suppression/addresses/a%40b.c", http_answer(200, "{}"));
  EXPECT_TRUE(run(ses().delete_suppressed("a@b.c")));
  lay_out("PUT /v2/email/account/suppression", http_answer(200, "<html>Sign in to this network</html>"));
  EXPECT_EQ(run(ses().put_account_suppression({})).error().code, Errc::protocol);
  EXPECT_EQ(http.calls.back().body, R"({"SuppressedReasons":[]})");
}

TEST_F(SesTest, the_account_is_read) {
  lay_out(account, http_answer(200, R"({"DedicatedIpAutoWarmupEnabled":true,"EnforcementStatus":"HEALTHY",
    "ProductionAccessEnabled":true,
    "SendQuota":{"Max24HourSend":50000.0,"MaxSendRate":14,"SentLast24Hours":3.0},
    "SendingEnabled":false,"SuppressionAttributes":{"SuppressedReasons":["BOUNCE","COMPLAINT"]}})"));
  const auto found = run(ses().account()).value();
  EXPECT_THAT(found.suppressed_reasons, ElementsAre("BOUNCE", "COMPLAINT"));
  EXPECT_EQ(found.max_24_hour_send, 50000);
  EXPECT_EQ(found.max_send_rate, 14);
  EXPECT_EQ(found.sent_last_24_hours, 3);
  EXPECT_FALSE(found.sending_enabled);
  EXPECT_TRUE(found.production_access);
  EXPECT_EQ(found.enforcement_status, "HEALTHY");
}

TEST(SesAnswer, an_account_without_a_quota_is_none) {
  for (const char* text : {"{}", R"({"SendQuota":[]})", R"({"SendQuota":{"MaxSendRate":"x"}})",
                           R"({"SendQuota":{},"SendingEnabled":"yes"})",
                           R"({"SendQuota":{},"SuppressionAttributes":{"SuppressedReasons":[1]}})"}) {
    EXPECT_FALSE(read_account(text)) << text;
  }
}

TEST(SesAnswer, a_configuration_set_overrides_or_does_not) {
  using Reasons = std::optional<std::vector<std::string>>;
  EXPECT_EQ(read_configuration_set(R"({"ConfigurationSetName":"x"})").value(), Reasons());
  EXPECT_EQ(read_configuration_set(R"({"SuppressionOptions":{}})").value(), Reasons());
  EXPECT_EQ(read_configuration_set(R"({"SuppressionOptions":{"SuppressedReasons":[]}})").value(),
            Reasons(std::vector<std::string>()));
  EXPECT_EQ(read_configuration_set(R"({"SuppressionOptions":{"SuppressedReasons":["BOUNCE"]}})").value(),
            Reasons({"BOUNCE"}));
  EXPECT_FALSE(read_configuration_set(R"({"SuppressionOptions":[]})"));
}

}  // namespace
}  // namespace postern::aws
