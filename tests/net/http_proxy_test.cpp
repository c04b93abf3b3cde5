#include <gtest/gtest.h>

#include "postern/net/http_client.hpp"

namespace postern::net {
namespace {

ProxyRules rules(const std::string& no_proxy, const std::string& proxy = "http://proxy.example:3128") {
  return ProxyRules::from({{"HTTPS_PROXY", proxy}, {"NO_PROXY", no_proxy}}).value();
}

bool proxied(const ProxyRules& all, const char* url) {
  return all.proxy_for(HttpUrl::parse(url).value()) != nullptr;
}

TEST(ProxyRules, without_a_setting_there_is_none) {
  EXPECT_FALSE(proxied(ProxyRules(), "https://a.example/"));
  EXPECT_FALSE(proxied(rules("", ""), "https://a.example/"));
}

TEST(ProxyRules, https_goes_through_it_and_http_never) {
  EXPECT_TRUE(proxied(rules(""), "https://a.example/"));
  EXPECT_FALSE(proxied(rules(""), "http://169.254.169.254/"));
}

TEST(ProxyRules, this_machine_is_never_reached_through_it) {
  EXPECT_FALSE(proxied(rules(""), "https://localhost:4566/"));
  EXPECT_FALSE(proxied(rules(""), "https://127.0.0.1:4566/"));
  EXPECT_FALSE(proxied(rules(""), "https://[::1]/"));
}

TEST(ProxyRules, small_letters_count_too) {
  const auto all = ProxyRules::from({{"https_proxy", "p.example:3128"}, {"no_proxy", "a.example"}}).value();
  EXPECT_TRUE(proxied(all, "https://b.example/"));
  EXPECT_FALSE(proxied(all, "https://a.example/"));
}

TEST(ProxyRules, the_address_is_read_in_its_forms) {
  const auto url = HttpUrl::parse("https://a.example/").value();
  for (const char* text : {"http://proxy.example:3128", "proxy.example:3128", "http://proxy.example:3128/"}) {
    const auto all = rules("", text);
    const auto* proxy = all.proxy_for(url);
    ASSERT_NE(proxy, nullptr);
    EXPECT_EQ(proxy->host, "proxy.example");
    EXPECT_EQ(proxy->port, 3128);
    EXPECT_EQ(proxy->authorization, "");
  }
  const auto literal = rules("", "http://[fd00::1]:3128");
  EXPECT_EQ(literal.proxy_for(url)->host, "fd00::1");
}

// RFC 7617 section 2 has the example.
TEST(ProxyRules, credentials_become_basic_authorization) {
  const auto url = HttpUrl::parse("https://a.example/").value();
  const auto all = rules("", "http://Aladdin:open%20sesame@proxy.example:3128");
  EXPECT_EQ(all.proxy_for(url)->authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  const auto at_sign = rules("", "http://a:b@c@proxy.example:3128");
  EXPECT_EQ(at_sign.proxy_for(url)->authorization, "Basic YTpiQGM=");
}

TEST(ProxyRules, a_bad_address_is_named_without_its_password) {
  for (const char* text : {"https://u:secret@proxy.example", "socks5://u:secret@p:1", "http://u:secret@",
                           "http://u:secret@p:port", "u:secret@p q:1"}) {
    const auto all = ProxyRules::from({{"HTTPS_PROXY", text}});
    ASSERT_FALSE(all) << text;
    EXPECT_NE(all.error().message.find("HTTPS_PROXY"), std::string::npos);
    EXPECT_EQ(all.error().message.find("secret"), std::string::npos) << all.error().message;
  }
}

struct Exception {
  const char* no_proxy;
  const char* url;
  bool proxied;
};

class NoProxy : public testing::TestWithParam<Exception> {};

TEST_P(NoProxy, exempts_what_it_names) {
  const auto& one = GetParam();
  EXPECT_EQ(proxied(rules(one.no_proxy), one.url), one.proxied) << one.no_proxy << " for " << one.url;
}

INSTANTIATE_TEST_SUITE_P(Entries, NoProxy,
                         testing::Values(Exception{"*", "https://a.example/", false},
                                         Exception{"a.example", "https://a.example/", false},
                                         Exception{"a.example", "https://b.a.example/", false},
                                         Exception{"a.example", "https://ba.example/", true},
                                         Exception{".a.example", "https://b.a.example/", false},
                                         Exception{"*.a.example", "https://b.a.example/", false},
                                         Exception{"A.Example", "https://b.a.eXample/", false},
                                         Exception{"x, a.example ,y", "https://a.example/", false},
                                         Exception{"x a.example", "https://a.example/", false},
                                         Exception{"a.example:8443", "https://a.example:8443/", false},
                                         Exception{"a.example:8443", "https://a.example/", true},
                                         Exception{"10.0.0.0/8", "https://10.1.2.3/", false},
                                         Exception{"10.0.0.0/8", "https://11.1.2.3/", true},
                                         Exception{"10.0.0.0/8", "https://a.example/", true},
                                         Exception{"10.1.2.3", "https://10.1.2.3/", false},
                                         Exception{"10.1.2.3:443", "https://10.1.2.3/", false},
                                         Exception{"fd00::/8", "https://[fd00::5]/", false},
                                         Exception{"[fd00::5]:443", "https://[fd00::5]/", false},
                                         Exception{"2.3", "https://10.1.2.3/", true},
                                         Exception{",, ,", "https://a.example/", true},
                                         Exception{".", "https://a.example/", true}));

}  // namespace
}  // namespace postern::net
