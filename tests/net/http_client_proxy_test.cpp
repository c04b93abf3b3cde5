// PooledHttpClient behind a proxy.
#include "http_client_fixture.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ProxiedTest : public HttpClientTest {
 protected:
  void proxied(const std::string& user = "") {
    client(ProxyRules::from({{"HTTPS_PROXY", "http://" + user + listener->local_address()}}).value());
  }
  static HttpCall ses() {
    HttpCall out;
    out.url = HttpUrl::parse("https://email.example/v2").value();
    return out;
  }
};

constexpr const char* open_tunnel = "HTTP/1.1 200 Connection established\r\n\r\n";

TEST_F(ProxiedTest, https_goes_through_a_tunnel_and_the_certificate_is_the_servers) {
  serve_tls({Play{{open_tunnel, ok, ok}, false, true}}, "DNS:email.example");
  proxied();
  for (int i = 0; i < 2; ++i) {
    const auto answer = call(ses());
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "ok");
  }
  EXPECT_THAT(requests.at(0), "CONNECT email.example:443 HTTP/1.1\r\nHost: email.example:443\r\n\r\n");
  EXPECT_THAT(requests.at(1), StartsWith("GET /v2 HTTP/1.1\r\nHost: email.example\r\n"));
  EXPECT_EQ(requests.size(), 3U);
}

TEST_F(ProxiedTest, a_certificate_of_another_host_is_refused_behind_a_proxy_too) {
  serve_tls({Play{{open_tunnel, ok}, false, true}}, "DNS:other.example");
  proxied();
  EXPECT_EQ(call(ses()).error().code, Errc::tls);
}

TEST_F(ProxiedTest, credentials_go_to_the_proxy_only) {
  serve_tls({Play{{open_tunnel, ok}, false, true}}, "DNS:email.example");
  proxied("Aladdin:open%20sesame@");
  ASSERT_TRUE(call(ses()));
  EXPECT_THAT(requests.at(0), HasSubstr("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
  EXPECT_THAT(requests.at(1), Not(HasSubstr("Proxy-Authorization")));
}

TEST_F(ProxiedTest, a_proxy_that_says_no_is_named) {
  serve({once("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nno no"),
         once("HTTP/1.1 403 Forbidden\r\n\r\n")});
  proxied("u:secret@");
  const auto unknown = call(ses());
  EXPECT_EQ(unknown.error().code, Errc::refused);
  EXPECT_THAT(unknown.error().message,
              AllOf(HasSubstr("the proxy 127.0.0.1:"), HasSubstr("answers 407 (it wants")));
  const auto forbidden = call(ses());
  EXPECT_THAT(forbidden.error().message, AllOf(HasSubstr("answers 403"), Not(HasSubstr("secret"))));
}

TEST_F(ProxiedTest, bytes_that_come_before_tls_are_refused) {
  serve({once(std::string(open_tunnel) + "HTTP/1.1 200 OK\r\n")});
  proxied();
  EXPECT_EQ(call(ses()).error().code, Errc::protocol);
}

TEST_F(ProxiedTest, a_proxy_that_hangs_is_a_timeout_of_the_connection) {
  serve({Play{{}, true}, Play{{open_tunnel}, true}});
  proxied();
  auto later = start(client().call(ses()));
  ASSERT_TRUE(run_until([this] { return requests.size() == 1; }));
  advance(seconds(5));
  EXPECT_EQ(result_of(later).error().code, Errc::timeout);
  later = start(client().call(ses()));
  ASSERT_TRUE(run_until([this] { return requests.size() == 2; }));
  advance(seconds(5));
  EXPECT_EQ(result_of(later).error().code, Errc::timeout);
}

TEST_F(ProxiedTest, plain_http_never_goes_through_it) {
  serve({once(ok)});
  proxied();
  ASSERT_TRUE(call(to("/latest/api/token")));
  EXPECT_THAT(requests.at(0), StartsWith("GET /latest/api/token "));
}

}  // namespace
}  // namespace postern::net
