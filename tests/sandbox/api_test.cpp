// Each operation and each error of the API, and who may ask it.
#include "api_fixture.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr auto account_path = "/v2/email/account";
constexpr auto account_suppression = "/v2/email/account/suppression";
constexpr auto obrien = "/v2/email/suppression/addresses/O%27Brien%2Btag%2Fx%40Example.com";

using Strings = std::vector<std::string>;

}  // namespace

TEST_F(ApiTest, put_get_and_delete_go_round) {
  const auto body = R"({"EmailAddress": "O'Brien+tag/x@Example.com", "Reason": "COMPLAINT"})";
  const auto put = call("PUT", list_path, "", body);
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.body, "");
  const auto got = json_of(call("GET", obrien)).at("SuppressedDestination").as_object();
  EXPECT_EQ(got.at("EmailAddress"), "O'Brien+tag/x@example.com");
  EXPECT_EQ(got.at("Reason"), "COMPLAINT");
  EXPECT_EQ(got.at("LastUpdateTime").to_number<double>(), 1795514400.0);
  EXPECT_FALSE(got.contains("Attributes"));
  EXPECT_EQ(call("DELETE", obrien).status, 200);
  for (const auto* method : {"GET", "DELETE"}) {
    const auto gone = call(method, obrien);
    EXPECT_EQ(kind_of(gone), "404 NotFoundException");
    EXPECT_EQ(message_of(gone),
              "Email address O'Brien+tag/x@Example.com does not exist on your suppression list.");
  }
}

TEST_F(ApiTest, address_is_wanted_in_its_stored_case) {
  put("Gone@example.net");
  EXPECT_EQ(call("GET", "/v2/email/suppression/addresses/Gone%40EXAMPLE.net").status, 200);
  EXPECT_EQ(kind_of(call("DELETE", "/v2/email/suppression/addresses/gone%40example.net")),
            "404 NotFoundException");
}

TEST_F(ApiTest, put_replaces_the_reason) {
  for (const auto* reason : {"BOUNCE", "COMPLAINT"})
    EXPECT_EQ(call("PUT", list_path, "",
                   R"({"EmailAddress":" gone@example.net ","Reason":")" + std::string(reason) + "\"}")
                  .status,
              200);
  ASSERT_EQ(service().suppression.list().size(), 1U);
  EXPECT_EQ(service().suppression.list().find("gone@example.net")->reason, Reason::complaint);
}

TEST_F(ApiTest, cause_of_a_bounce_is_told) {
  auto cause = std::make_shared<SuppressionCause>(SuppressionCause{"m-1", "f-1"});
  ASSERT_TRUE(service().suppression.put({"gone@example.net", Reason::bounce, clock_.wall_now(), cause}));
  const auto got = json_of(call("GET", "/v2/email/suppression/addresses/gone%40example.net"));
  EXPECT_EQ(got.at("SuppressedDestination").at("Attributes"),
            (boost::json::object{{"MessageId", "m-1"}, {"FeedbackId", "f-1"}}));
}

TEST_F(ApiTest, put_that_is_not_well_formed_is_refused) {
  const std::map<std::string, std::string> wanted = {
      {"", "400 BadRequestException"},
      {"{", "400 SerializationException"},
      {"[]", "400 SerializationException"},
      {R"({"EmailAddress":7,"Reason":"BOUNCE"})", "400 SerializationException"},
      {R"({"Reason":"BOUNCE"})", "400 BadRequestException"},
      {R"({"EmailAddress":"a@example.net"})", "400 BadRequestException"},
      {R"({"EmailAddress":"a@example.net","Reason":"bounce"})", "400 BadRequestException"},
      {R"({"EmailAddress":"two words@example.net","Reason":"BOUNCE"})", "400 BadRequestException"},
      {R"({"EmailAddress":"nobody","Reason":"BOUNCE"})", "400 BadRequestException"},
  };
  for (const auto& [body, kind] : wanted) EXPECT_EQ(kind_of(call("PUT", list_path, "", body)), kind) << body;
  EXPECT_EQ(
      message_of(call("PUT", list_path, "", R"({"EmailAddress":"a@example.net","Reason":"SPAM"})")),
      "1 validation error detected: Value at 'reason' failed to satisfy constraint: Member must satisfy "
      "enum value set: [BOUNCE, COMPLAINT]");
  EXPECT_EQ(service().suppression.list().size(), 0U);
}

TEST_F(ApiTest, list_gives_summaries_and_no_token_at_the_end) {
  put("a@example.net");
  put("b@example.net", Reason::complaint);
  const auto response = list();
  EXPECT_EQ(addresses_of(response), (Strings{"a@example.net", "b@example.net"}));
  EXPECT_EQ(token_of(response), "");
  const auto entry = json_of(response).at("SuppressedDestinationSummaries").at(1);
  EXPECT_EQ(entry.as_object().size(), 3U);
  EXPECT_EQ(entry.at("Reason"), "COMPLAINT");
}

TEST_F(ApiTest, list_of_nothing_is_an_empty_page) {
  EXPECT_EQ(addresses_of(list()), Strings());
}

TEST_F(ApiTest, pages_follow_each_other_by_token) {
  for (int i = 0; i < 5; ++i) put("a" + std::to_string(i) + "@example.net");
  Strings all;
  std::string token;
  int pages = 0;
  do {
    const auto page = list("PageSize=2" + (token.empty() ? "" : "&NextToken=" + encoded(token)));
    for (auto& address : addresses_of(page)) all.push_back(address);
    token = token_of(page);
    EXPECT_EQ(token.find("@"), std::string::npos) << "it can be read: " << token;
    ++pages;
  } while (!token.empty() && pages < 10);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(all.size(), 5U);
  EXPECT_EQ(all.back(), "a4@example.net");
}

TEST_F(ApiTest, token_is_good_for_its_filters_only) {
  for (int i = 0; i < 3; ++i) put("a" + std::to_string(i) + "@example.net");
  const auto token = encoded(token_of(list("PageSize=1&Reason=BOUNCE")));
  EXPECT_EQ(list("NextToken=" + token + "&PageSize=1000&Reason=BOUNCE").status, 200) << "the size may change";
  for (const auto& other : {std::string(), std::string("&Reason=COMPLAINT"),
                            std::string("&Reason=BOUNCE&StartDate=2026-01-01T00:00:00Z"),
                            std::string("&Reason=BOUNCE&EndDate=2027-01-01T00:00:00Z")})
    EXPECT_EQ(kind_of(list("NextToken=" + token + other)), "400 InvalidNextTokenException") << other;
}

TEST_F(ApiTest, token_of_nobody_is_refused) {
  for (const auto* token : {"abc", "AAAA", "%00", "====", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="})
    EXPECT_EQ(kind_of(list("NextToken=" + std::string(token))), "400 InvalidNextTokenException") << token;
}

TEST_F(ApiTest, list_filters_by_reasons_and_dates) {
  put("a@example.net");
  clock_.set(minutes(10));
  put("b@example.net", Reason::complaint);
  EXPECT_EQ(addresses_of(list("Reason=COMPLAINT")), Strings{"b@example.net"});
  EXPECT_EQ(addresses_of(list("Reason=BOUNCE&Reason=COMPLAINT")).size(), 2U);
  EXPECT_EQ(addresses_of(list("StartDate=2026-11-24T10%3A05%3A00Z")), Strings{"b@example.net"});
  EXPECT_EQ(addresses_of(list("EndDate=2026-11-24T10%3A05%3A00.250Z")), Strings{"a@example.net"});
  EXPECT_EQ(addresses_of(list("StartDate=2026-11-24T10:00:00Z&EndDate=2026-11-24T10:10:00Z")).size(), 2U);
}

TEST_F(ApiTest, list_with_a_bad_query_is_refused) {
  for (const auto* bad : {"Reason=SPAM", "Reason=BOUNCE&Reason=bounce", "StartDate=yesterday", "EndDate=1",
                          "PageSize=0", "PageSize=1001", "PageSize=-1", "PageSize=ten", "PageSize="})
    EXPECT_EQ(kind_of(list(bad)), "400 BadRequestException") << bad;
  EXPECT_EQ(kind_of(list("TenantName=t1")), "404 NotFoundException");
  EXPECT_EQ(list("PageSize=1000").status, 200);
  EXPECT_EQ(list("PageSize=1").status, 200);
}

TEST_F(ApiTest, account_tells_limits_and_reasons) {
  options_.rate = 14;
  options_.quota = 50'000;
  service().account.take(3);
  const auto account = json_of(call("GET", account_path));
  EXPECT_EQ(account.at("SendQuota").at("Max24HourSend").as_double(), 50'000);
  EXPECT_EQ(account.at("SendQuota").at("MaxSendRate").as_double(), 14);
  EXPECT_EQ(account.at("SendQuota").at("SentLast24Hours").as_double(), 3);
  EXPECT_EQ(account.at("SendingEnabled"), true);
  EXPECT_EQ(account.at("ProductionAccessEnabled"), true);
  EXPECT_EQ(account.at("EnforcementStatus"), "HEALTHY");
  EXPECT_EQ(account.at("SuppressionAttributes").at("SuppressedReasons"),
            boost::json::array({"BOUNCE", "COMPLAINT"}));
}

TEST_F(ApiTest, reasons_of_the_account_change) {
  EXPECT_EQ(call("PUT", account_suppression, "", R"({"SuppressedReasons":["COMPLAINT"]})").status, 200);
  EXPECT_EQ(json_of(call("GET", account_path)).at("SuppressionAttributes").at("SuppressedReasons"),
            boost::json::array({"COMPLAINT"}));
  EXPECT_FALSE(service().suppression.effective_reasons("").bounce);
  EXPECT_EQ(call("PUT", account_suppression, "", R"({"SuppressedReasons":[]})").status, 200);
  EXPECT_FALSE(service().suppression.effective_reasons("").complaint);
  EXPECT_EQ(kind_of(call("PUT", account_suppression, "", R"({"SuppressedReasons":["SPAM"]})")),
            "400 BadRequestException");
  EXPECT_EQ(kind_of(call("PUT", account_suppression, "", R"({"SuppressedReasons":"BOUNCE"})")),
            "400 SerializationException");
}

TEST_F(ApiTest, configuration_set_overrides_reasons_or_says_nothing_of_them) {
  options_.configuration_sets = {"mine"};
  const std::string set = "/v2/email/configuration-sets/mine", options = set + "/suppression-options";
  const auto got = json_of(call("GET", set)).as_object();
  EXPECT_EQ(got.at("ConfigurationSetName"), "mine");
  EXPECT_FALSE(got.contains("SuppressionOptions"));
  EXPECT_EQ(call("PUT", options, "", R"({"SuppressedReasons":["BOUNCE"]})").status, 200);
  EXPECT_EQ(json_of(call("GET", set)).at("SuppressionOptions").at("SuppressedReasons"),
            boost::json::array({"BOUNCE"}));
  EXPECT_FALSE(service().suppression.effective_reasons("mine").complaint);
  EXPECT_TRUE(service().suppression.effective_reasons("other").complaint);
  EXPECT_EQ(call("PUT", options, "", R"({"SuppressedReasons":[]})").status, 200);
  EXPECT_EQ(json_of(call("GET", set)).at("SuppressionOptions").at("SuppressedReasons"), boost::json::array());
  EXPECT_EQ(call("PUT", options).status, 200);
  EXPECT_FALSE(json_of(call("GET", set)).as_object().contains("SuppressionOptions"));
}

TEST_F(ApiTest, configuration_set_that_is_not_there) {
  for (const auto& response :
       {call("GET", "/v2/email/configuration-sets/none"),
        call("PUT", "/v2/email/configuration-sets/none/suppression-options", "", "{}")}) {
    EXPECT_EQ(kind_of(response), "404 NotFoundException");
    EXPECT_EQ(message_of(response), "Configuration set <none> does not exist.");
  }
}

TEST_F(ApiTest, path_that_is_no_operation) {
  for (const auto* path : {"/", "/v2/email", "/v2/email/suppression/addresses/", "/v2/email/identities",
                           "/v2/email/suppression/addresses/a/b", "/v2/email/account/x"}) {
    const auto response = call("GET", path);
    EXPECT_EQ(kind_of(response), "404 UnknownOperationException") << path;
    EXPECT_EQ(response.body, "<UnknownOperationException/>\n");
  }
  EXPECT_EQ(call("POST", list_path).status, 404);
}

TEST_F(ApiTest, unsigned_request_changes_nothing) {
  const auto response =
      ask(request("PUT", list_path, "", R"({"EmailAddress":"a@example.net","Reason":"BOUNCE"})"));
  EXPECT_EQ(kind_of(response), "403 MissingAuthenticationTokenException");
  EXPECT_EQ(json_of(response).as_object().count("Message"), 1U) << "said before the service";
  EXPECT_EQ(service().suppression.list().size(), 0U);
}

TEST_F(ApiTest, denied_operation_names_the_action_that_is_missing) {
  options_.denied = {Operation::get_account};
  const auto response = call("GET", account_path);
  EXPECT_EQ(kind_of(response), "403 AccessDeniedException");
  EXPECT_EQ(
      message_of(response),
      "User: arn:aws:iam::123456789012:user/postern-sandbox is not authorized to perform: ses:GetAccount "
      "on resource: * because no identity-based policy allows the ses:GetAccount action");
  EXPECT_NE(response.headers.at("x-amzn-ErrorType").find(':'), std::string::npos)
      << "qualified, as SES has it";
  EXPECT_EQ(list().status, 200);
}

TEST_F(ApiTest, more_than_the_rate_gets_429_until_time_has_passed) {
  options_.api_rate = 1;
  EXPECT_EQ(list().status, 200);
  const auto refused = call("GET", account_path);
  EXPECT_EQ(kind_of(refused), "429 TooManyRequestsException");
  EXPECT_EQ(message_of(refused), "Rate exceeded");
  clock_.set(milliseconds(800));
  EXPECT_EQ(list().status, 429);
  clock_.set(milliseconds(200));
  EXPECT_EQ(list().status, 200);
  clock_.set(milliseconds(950));
  EXPECT_EQ(list().status, 200) << "jitter is forgiven";
  clock_.set(minutes(10));
  EXPECT_EQ(list().status, 200);
  EXPECT_EQ(list().status, 429) << "nothing is saved up";
}

TEST_F(ApiTest, rate_forgives_jitter_but_not_a_faster_pace) {
  options_.api_rate = 1;
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    if (list().status == 200) ++taken;
    clock_.set(milliseconds(950));
  }
  EXPECT_LE(taken, 97);
}

TEST_F(ApiTest, every_answer_has_date_and_request_id) {
  for (const auto& response : {list(), call("GET", "/none"), ask(request("GET", account_path))}) {
    EXPECT_EQ(response.headers.at("Date"), "Tue, 24 Nov 2026 10:00:00 GMT");
    EXPECT_EQ(response.headers.at("x-amzn-RequestId").size(), 36U);
  }
}

TEST_F(ApiTest, requests_are_remembered_until_they_are_forgotten) {
  list("PageSize=7");
  ask(request("GET", account_path));
  const auto seen = json_of(ask(request("GET", "/_sandbox/requests"))).as_array();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].at("operation"), "ListSuppressedDestinations");
  EXPECT_EQ(seen[0].at("query"), "PageSize=7");
  EXPECT_EQ(seen[0].at("status"), 200);
  EXPECT_EQ(seen[1].at("status"), 403);
  ask(request("DELETE", "/_sandbox/requests"));
  EXPECT_TRUE(json_of(ask(request("GET", "/_sandbox/requests"))).as_array().empty());
  EXPECT_EQ(ask(request("GET", "/_sandbox/other")).status, 404);
}

}  // namespace postern::sandbox
