// The pure parts: JSON, XML, HTTP dates, endpoints, and text on its way into a message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/endpoint.hpp"
#include "aws/http_date.hpp"
#include "aws/json.hpp"
#include "aws/text.hpp"
#include "aws/xml.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using testing::HasSubstr;
using testing::Not;

TEST(Json, what_is_none_is_refused_without_being_repeated) {
  std::string deep(17, '[');
  for (const std::string& text :
       {std::string(), std::string("<html>secret</html>"), std::string("{\"a\":"), std::string("{} secret"),
        std::string("[1]"), std::string("{\"a\":\"\xff\"}"), std::string("{\"a\":\"\xc3\"}"),
        "{\"a\":" + deep, std::string("{\"a\":01}"), std::string("{'a':1}"), std::string("{\"a\":1,}")}) {
    const auto object = parse_object(text);
    ASSERT_FALSE(object) << text;
    EXPECT_EQ(object.error().code, Errc::protocol);
    EXPECT_THAT(object.error().message, Not(HasSubstr("secret")));
  }
}

TEST(Json, members_have_their_type_or_are_named) {
  const auto object =
      parse_object(R"({"t":"x","n":1.5,"f":true,"l":["a","b"],"o":{"k":1},"z":null} )").value();
  EXPECT_EQ(text_member(object, "t").value(), "x");
  EXPECT_EQ(text_member(object, "z").value(), "");
  EXPECT_EQ(text_member(object, "n").error().message, "n is not text");
  EXPECT_EQ(number_member(object, "n").value(), 1.5);
  EXPECT_FALSE(number_member(object, "t"));
  EXPECT_TRUE(flag_member(object, "f", false).value());
  EXPECT_TRUE(flag_member(object, "none", true).value());
  EXPECT_FALSE(flag_member(object, "t", true));
  EXPECT_EQ(texts_member(object, "l").value().size(), 2U);
  EXPECT_FALSE(texts_member(object, "o"));
  EXPECT_EQ(object_member(object, "o").value().size(), 1U);
  EXPECT_FALSE(object_member(object, "l"));
}

TEST(Json, times_are_seconds_with_a_fraction) {
  const auto object = parse_object(R"({"a":1611126000.25,"b":1611126000,"c":-1,"d":1e99,"e":"x"})").value();
  EXPECT_EQ(base::to_rfc3339(time_member(object, "a").value()), "2021-01-20T07:00:00.250Z");
  EXPECT_EQ(base::to_rfc3339(time_member(object, "b").value()), "2021-01-20T07:00:00.000Z");
  for (const char* name : {"c", "d", "e"}) EXPECT_FALSE(time_member(object, name)) << name;
}

TEST(Xml, elements_have_their_text_by_path) {
  const auto texts = parse_xml(
      "<?xml version=\"1.0\"?>\n<!-- > --><A xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
      " <B><C> x &amp;&lt;&#65;&#x20ac; </C><C>second</C><D/></B>\n</A>\n");
  ASSERT_TRUE(texts) << texts.error().message;
  EXPECT_THAT(*texts, testing::ElementsAre(testing::Pair("A/B/C", "x &<A\xe2\x82\xac")));
}

TEST(Xml, what_is_not_well_formed_is_refused) {
  std::string deep, many = "<a>";
  for (int i = 0; i < 17; ++i) deep += "<a>";
  for (int i = 0; i < 1000; ++i) many += "<b/>";
  for (const std::string& text :
       {std::string(), std::string("text"), std::string("<a>"), std::string("<a></b>"), std::string("</a>"),
        std::string("<a/><b/>"), std::string("<a></a>x"), std::string("<a>&nbsp;</a>"),
        std::string("<a>&#0;</a>"), std::string("<a>&#xd800;</a>"), std::string("<a>&amp</a>"),
        std::string("<!DOCTYPE a><a/>"), std::string("<a><![CDATA[x]]></a>"), std::string("<a"),
        std::string("<>"), std::string("<!-- "), std::string("<a b>"), deep, many + "</a>"}) {
    EXPECT_EQ(parse_xml(text).has_value(), false) << text;
  }
}

TEST(HttpDate, is_read) {
  EXPECT_EQ(base::to_rfc3339(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()),
            "1994-11-06T08:49:37.000Z");
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 EST", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "Sun, 06 Xyz 1994 08:49:37 GMT", "Sun, 36 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08-49-37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(OneLine, cuts_what_follows_the_first_line_and_what_is_long) {
  EXPECT_EQ(one_line("  The signature is wrong.\n\nThe Canonical String: secret"), "The signature is wrong.");
  EXPECT_EQ(one_line("abcdef", 3), "abc...");
  EXPECT_EQ(one_line("a\x1b[31mb\xc3\xa4"), "a?[31mb??");
}

TEST(WithoutSecrets, hides_each_but_the_tiny) {
  EXPECT_EQ(without_secrets("a topsecret b topsecret", {"topsecret", "", "b"}), "a *** b ***");
}

std::string endpoint(const std::string& region, const std::string& url, const net::Environment& environment) {
  const auto found = endpoint_of({"email", "SESV2", region, url}, environment);
  return found ? found->origin() + found->path : found.error().message;
}

TEST(Endpoint, is_the_regions_unless_something_else_is_said) {
  EXPECT_EQ(endpoint("eu-west-1", "", {}), "https://email.eu-west-1.amazonaws.com:443/");
  EXPECT_EQ(endpoint("cn-north-1", "", {}), "https://email.cn-north-1.amazonaws.com.cn:443/");
  EXPECT_EQ(endpoint("eusc-de-east-1", "", {}), "https://email.eusc-de-east-1.amazonaws.eu:443/");
  const net::Environment general{{"AWS_ENDPOINT_URL", "https://all.example"}};
  EXPECT_EQ(endpoint("eu-west-1", "", general), "https://all.example:443/");
  const net::Environment own{{"AWS_ENDPOINT_URL", "https://all.example"},
                             {"AWS_ENDPOINT_URL_SESV2", "https://ses.example/base"}};
  EXPECT_EQ(endpoint("eu-west-1", "", own), "https://ses.example:443/base");
  EXPECT_EQ(endpoint("eu-west-1", "http://127.0.0.1:4579", own), "http://127.0.0.1:4579/");
}

TEST(Endpoint, in_the_clear_only_on_this_machine) {
  EXPECT_THAT(endpoint("eu-west-1", "http://ses.example", {}),
              HasSubstr("aws.endpoint_url: http:// is for this"));
  EXPECT_THAT(endpoint("eu-west-1", "", {{"AWS_ENDPOINT_URL", "http://ses.example"}}),
              HasSubstr("AWS_ENDPOINT_URL: "));
  EXPECT_THAT(endpoint("eu-west-1", "http://[::1]:99", {}), HasSubstr("http://[::1]:99/"));
}

TEST(Endpoint, a_region_that_is_none_is_refused) {
  EXPECT_THAT(endpoint("", "", {}), HasSubstr("no region"));
  EXPECT_THAT(endpoint("evil.example/", "", {}), HasSubstr("not a region"));
  EXPECT_THAT(endpoint("EU-WEST-1", "", {}), HasSubstr("not a region"));
}

}  // namespace
}  // namespace postern::aws
