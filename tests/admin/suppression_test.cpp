#include "fixture.hpp"

namespace postern::admin {
namespace {

using SuppressionTest = AdminTest;

TEST_F(SuppressionTest, what_is_added_is_found_under_any_case_and_gone_when_removed) {
  const auto added =
      object("POST", "/api/v1/suppression", R"({"address":"O'Brien+x@Example.com","reason":"BOUNCE"})");
  EXPECT_EQ(added.at("source").as_string(), "manual");
  const auto found = object("GET", "/api/v1/suppression/o%27brien%2Bx%40EXAMPLE.com");
  EXPECT_EQ(found.at("address").as_string(), "O'Brien+x@Example.com");
  EXPECT_EQ(found.at("reason").as_string(), "BOUNCE");
  EXPECT_EQ(found.at("since").as_string(), "2026-11-24T10:00:00.000Z");
  EXPECT_TRUE(object("DELETE", "/api/v1/suppression/o'brien+x@example.com").at("removed").as_bool());
  EXPECT_EQ(ask("GET", "/api/v1/suppression/o'brien+x@example.com").status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/suppression/o'brien+x@example.com").status, 404);
}

TEST_F(SuppressionTest, bad_entries_are_400_with_the_reason) {
  for (const std::string body : {"", "[]", "{", R"({"reason":"BOUNCE"})", R"({"address":"nobody"})",
                                 R"({"address":5})", R"({"address":"a@example.com","reason":"SPAM"})",
                                 R"({"address":"a@example.com","since":"yesterday"})"}) {
    const auto response = ask("POST", "/api/v1/suppression", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_FALSE(boost::json::parse(response.body).at("error").as_string().empty());
  }
  EXPECT_EQ(list->size(), 0u);
}

TEST_F(SuppressionTest, import_takes_the_good_lines_and_names_the_bad) {
  const auto answer =
      object("POST", "/api/v1/suppression/import", "a@example.com,BOUNCE\nnonsense\nb@example.com\n");
  EXPECT_EQ(answer.at("entries").to_number<int>(), 2);
  EXPECT_EQ(answer.at("new").to_number<int>(), 2);
  ASSERT_EQ(answer.at("problems").as_array().size(), 1u);
  EXPECT_EQ(answer.at("problems").at(0).at("line").to_number<int>(), 2);
  EXPECT_EQ(list->size(), 2u);
}

TEST_F(SuppressionTest, import_takes_no_more_than_ten_thousand_a_call) {
  std::string body;
  for (int i = 0; i < 10'001; ++i) body += "user" + std::to_string(i) + "@example.com\n";
  EXPECT_EQ(ask("POST", "/api/v1/suppression/import", body).status, 400);
  EXPECT_EQ(list->size(), 0u);
}

TEST_F(SuppressionTest, list_is_paged) {
  for (const std::string name : {"c", "a", "B"})
    object("POST", "/api/v1/suppression", "{\"address\":\"" + name + "@example.com\"}");
  const auto first = object("GET", "/api/v1/suppression?limit=2");
  EXPECT_EQ(first.at("total").to_number<int>(), 3);
  ASSERT_EQ(first.at("entries").as_array().size(), 2u);
  EXPECT_EQ(first.at("next").as_string(), "B@example.com");
  const auto second = object("GET", "/api/v1/suppression?limit=2&after=B%40example.com");
  ASSERT_EQ(second.at("entries").as_array().size(), 1u);
  EXPECT_EQ(second.at("entries").at(0).at("address").as_string(), "c@example.com");
  EXPECT_FALSE(second.contains("next"));
}

}  // namespace
}  // namespace postern::admin
