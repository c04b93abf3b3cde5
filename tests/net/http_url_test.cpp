#include <gtest/gtest.h>

#include "postern/net/http_client.hpp"

namespace postern::net {
namespace {

TEST(HttpUrl, takes_its_parts) {
  const auto url = HttpUrl::parse("https://email.eu-west-1.amazonaws.com/v2/email?a=b%20c&d=").value();
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "email.eu-west-1.amazonaws.com");
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.path, "/v2/email");
  EXPECT_EQ(url.query, "a=b%20c&d=");
}

TEST(HttpUrl, the_path_may_be_missing) {
  EXPECT_EQ(HttpUrl::parse("http://a.example").value().path, "/");
  const auto url = HttpUrl::parse("http://a.example?x=1").value();
  EXPECT_EQ(url.path, "/");
  EXPECT_EQ(url.query, "x=1");
}

TEST(HttpUrl, host_names_the_port_only_when_it_is_unusual) {
  EXPECT_EQ(HttpUrl::parse("http://a.example").value().authority(), "a.example");
  EXPECT_EQ(HttpUrl::parse("https://a.example:443/").value().authority(), "a.example");
  EXPECT_EQ(HttpUrl::parse("https://a.example:8443/").value().authority(), "a.example:8443");
  EXPECT_EQ(HttpUrl::parse("https://a.example").value().origin(), "https://a.example:443");
}

TEST(HttpUrl, v6_literals_lose_their_brackets_and_get_them_back) {
  const auto url = HttpUrl::parse("http://[fd00:ec2::23]/v1/credentials").value();
  EXPECT_EQ(url.host, "fd00:ec2::23");
  EXPECT_EQ(url.port, 80);
  EXPECT_EQ(url.authority(), "[fd00:ec2::23]");
  EXPECT_EQ(HttpUrl::parse("http://[::1]:8080").value().authority(), "[::1]:8080");
}

TEST(HttpUrl, what_is_none_is_refused_without_being_repeated) {
  for (const char* text : {"", "a.example", "ftp://a.example/", "https://", "https://:443/",
                           "https://user:secret@a.example/", "https://a.example/secret path",
                           "https://a.example:0/", "https://a.example:65536/", "https://a.example:secret/",
                           "https://[::1/", "https://[secret]/", "https://::1/", "https://a_\xc3\xa4/",
                           "https://a.example/#secret", "https://a.example/\r\nX: secret", "https:///path"}) {
    const auto url = HttpUrl::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, base::Errc::invalid);
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << url.error().message;
  }
}

}  // namespace
}  // namespace postern::net
