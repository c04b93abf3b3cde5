// The ways in which the API misbehaves on request.
#include "api_fixture.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Strings = std::vector<std::string>;

class ApiFaultTest : public ApiTest {
 protected:
  void SetUp() override {
    for (int i = 0; i < 8; ++i) put("a" + std::to_string(i) + "@example.net");
  }
  // The answer to `asked` once this much time has passed; nullopt: none yet.
  std::optional<net::HttpResponse> after(net::HttpRequest asked, base::Duration time) {
    sign(asked);
    if (!api_) api_.emplace(service());
    auto result = std::make_shared<std::optional<net::HttpResponse>>();
    boost::asio::co_spawn(
        loop_, api_->handle(std::move(asked)),
        [result](std::exception_ptr, net::HttpResponse response) { result->emplace(std::move(response)); });
    support::advance(loop_, clock_, time);
    return *result;
  }
};

}  // namespace

TEST_F(ApiFaultTest, errors_by_their_status_and_any_other) {
  const std::map<std::string, std::string> wanted = {
      {"429", "429 TooManyRequestsException"},
      {"500", "500 InternalServiceErrorException"},
      {"503", "503 ServiceUnavailableException"},
      {R"({"kind":"error","status":400,"type":"LimitExceededException","message":"m"})",
       "400 LimitExceededException"},
  };
  for (const auto& [text, kind] : wanted) {
    fault(text);
    EXPECT_EQ(kind_of(list()), kind);
    ask(request("DELETE", "/_sandbox/fault"));
    EXPECT_EQ(list().status, 200);
  }
}

TEST_F(ApiFaultTest, strikes_the_requests_it_is_meant_for) {
  fault(R"({"kind":"500","operation":"ListSuppressedDestinations","after":1,"count":2})");
  std::vector<int> statuses;
  for (int i = 0; i < 5; ++i) {
    statuses.push_back(list().status);
    EXPECT_EQ(call("GET", "/v2/email/account").status, 200);
  }
  EXPECT_EQ(statuses, (std::vector<int>{200, 500, 500, 200, 200}));
  EXPECT_TRUE(json_of(ask(request("GET", "/_sandbox/fault"))).as_array().empty()) << "it is used up";
}

TEST_F(ApiFaultTest, several_are_set_and_listed) {
  fault("garbage");
  fault(R"({"kind":"wrong-date","seconds":-60,"operation":"GetAccount"})");
  const auto all = json_of(ask(request("GET", "/_sandbox/fault"))).as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("kind"), "garbage");
  EXPECT_EQ(all[1].at("operation"), "GetAccount");
}

TEST_F(ApiFaultTest, what_is_none_is_refused) {
  for (const auto* bad : {"", "none", "{}", "[]", R"({"kind":7})", R"({"kind":"hang","after":-1})",
                          R"({"kind":"error","status":200})", R"({"kind":"hang","operation":"Hang"})",
                          R"({"kind":"hang","seconds":"2"})", R"({"kind":"hang","count":1.5})"})
    EXPECT_EQ(ask(request("POST", "/_sandbox/fault", "", bad)).status, 400) << bad;
  EXPECT_TRUE(json_of(ask(request("GET", "/_sandbox/fault"))).as_array().empty());
}

TEST_F(ApiFaultTest, garbage_is_200_and_no_json) {
  fault("garbage");
  const auto response = list();
  EXPECT_EQ(response.status, 200);
  boost::system::error_code problem;
  boost::json::parse(response.body, problem);
  EXPECT_TRUE(problem);
}

TEST_F(ApiFaultTest, short_page_ends_the_list_early) {
  fault("short-page");
  const auto page = list("PageSize=6");
  EXPECT_EQ(addresses_of(page).size(), 3U);
  EXPECT_EQ(token_of(page), "");
}

TEST_F(ApiFaultTest, empty_page_ends_the_list) {
  fault("empty-page");
  EXPECT_EQ(addresses_of(list("PageSize=6")), Strings());
  EXPECT_EQ(token_of(list("PageSize=6")), "");
}

TEST_F(ApiFaultTest, hollow_page_has_nothing_and_loses_nothing) {
  const auto first = list("PageSize=6");
  for (const auto& query : {std::string(), "&NextToken=" + encoded(token_of(first))}) {
    const auto wanted = addresses_of(list("PageSize=6" + query));
    fault(R"({"kind":"hollow-page","count":1})");
    const auto hollow = list("PageSize=6" + query);
    EXPECT_EQ(addresses_of(hollow), Strings());
    EXPECT_EQ(addresses_of(list("PageSize=6&NextToken=" + encoded(token_of(hollow)))), wanted);
  }
}

TEST_F(ApiFaultTest, repeated_token_leads_back) {
  fault("repeated-token");
  const auto token = token_of(list("PageSize=2"));
  ASSERT_NE(token, "") << "the first page has none to repeat";
  EXPECT_EQ(token_of(list("PageSize=2&NextToken=" + encoded(token))), token);
}

TEST_F(ApiFaultTest, wrong_date_is_only_told) {
  fault(R"({"kind":"wrong-date","seconds":3600})");
  const auto response = list();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("Date"), "Tue, 24 Nov 2026 11:00:00 GMT");
}

TEST_F(ApiFaultTest, skewed_clock_judges_signatures_as_well) {
  fault(R"({"kind":"skewed-clock","seconds":3600})");
  const auto refused = list();
  EXPECT_EQ(kind_of(refused), "403 InvalidSignatureException");
  EXPECT_EQ(refused.headers.at("Date"), "Tue, 24 Nov 2026 11:00:00 GMT");
  auto corrected = request("GET", list_path);
  sign(corrected, hours(1));
  EXPECT_EQ(ask(corrected).status, 200);
}

TEST_F(ApiFaultTest, slow_answer_comes_late) {
  fault(R"({"kind":"slow","seconds":3})");
  EXPECT_FALSE(after(request("GET", list_path), seconds(3) - base::Duration(1)));
  support::advance(loop_, clock_, base::Duration(1));
  const auto response = after(request("GET", list_path), seconds(3));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
}

TEST_F(ApiFaultTest, hang_outlasts_any_client) {
  fault("hang");
  EXPECT_FALSE(after(request("GET", list_path), std::chrono::minutes(59)));
  support::advance(loop_, clock_, hours(1));
}

}  // namespace postern::sandbox
