#include "postern/net/http_client.hpp"

#include "http_client_fixture.hpp"
#include "support/fake_dialer.hpp"
#include "support/scripted_stream.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(HttpClientTest, a_request_goes_out_as_asked_and_the_answer_comes_back) {
  serve({once(
      "HTTP/1.1 404 Not Found\r\nX-Amzn-ErrorType: NotFoundException\r\nContent-Length: 4\r\n\r\nnone")});
  auto asked = to("/v2/email?a=b%20c");
  asked.method = "PUT";
  asked.headers = {{"Content-Type", "application/json"}, {"X-A", "1"}};
  asked.body = "{}";
  const auto answer = call(asked);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->headers.at("x-amzn-errortype"), "NotFoundException");
  EXPECT_EQ(answer->body, "none");
  EXPECT_THAT(requests,
              ElementsAre("PUT /v2/email?a=b%20c HTTP/1.1\r\nHost: " + listener->local_address() +
                          "\r\nContent-Type: application/json\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n{}"));
}

TEST_F(HttpClientTest, a_host_that_is_given_is_not_added_again) {
  serve({once(ok)});
  auto asked = to("/");
  asked.headers = {{"host", "signed.example"}};
  ASSERT_TRUE(call(asked));
  EXPECT_EQ(requests.front(), "GET / HTTP/1.1\r\nhost: signed.example\r\n\r\n");
}

TEST_F(HttpClientTest, a_line_break_in_a_header_is_never_sent) {
  serve({once(ok)});
  for (const char* value : {"a\r\nX: y", "a\nb", "a\rb"}) {
    auto asked = to("/");
    asked.headers = {{"Authorization", value}};
    EXPECT_EQ(call(asked).error().code, Errc::invalid);
  }
  auto asked = to("/");
  asked.url.path = "/a b";
  EXPECT_EQ(call(asked).error().code, Errc::invalid);
  EXPECT_TRUE(requests.empty());
}

TEST_F(HttpClientTest, chunks_are_put_together) {
  serve({once(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n")});
  EXPECT_EQ(call(to("/"))->body, "abcde");
}

TEST_F(HttpClientTest, a_body_without_a_length_ends_with_the_connection) {
  serve({once("HTTP/1.1 200 OK\r\n\r\nuntil the end")});
  EXPECT_EQ(call(to("/"))->body, "until the end");
}

TEST_F(HttpClientTest, interim_answers_are_not_the_answer) {
  serve({once(std::string("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n") + ok)});
  EXPECT_EQ(call(to("/"))->body, "ok");
  made.reset();
  listener->close();
  std::string many;
  for (int i = 0; i < 20; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  serve({once(many), once("HTTP/1.1 101 Switching Protocols\r\n\r\n")});
  EXPECT_EQ(call(to("/")).error().code, Errc::protocol);
  EXPECT_EQ(call(to("/")).error().code, Errc::protocol);
}

TEST_F(HttpClientTest, no_content_and_head_have_no_body) {
  serve({Play{{"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ok}}});
  EXPECT_EQ(call(to("/"))->status, 204);
  auto head = to("/");
  head.method = "HEAD";
  EXPECT_EQ(call(head)->headers.at("content-length"), "5");
  EXPECT_EQ(call(to("/"))->body, "ok");
}

TEST_F(HttpClientTest, a_connection_is_kept_for_the_next_call) {
  serve({Play{{ok, ok, ok}}});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(call(to("/")));
  EXPECT_EQ(requests.size(), 3U);
}

TEST_F(HttpClientTest, over_tls_a_connection_is_kept_as_well) {
  serve_tls({Play{{ok, ok, ok}}});
  for (int i = 0; i < 3; ++i) {
    const auto answer = call(to("/", "https"));
    ASSERT_TRUE(answer) << answer.error().message;
  }
}

TEST_F(HttpClientTest, a_connection_is_not_kept_when_the_server_says_so_or_time_has_passed) {
  serve({Play{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", ok}}, Play{{ok, ok}},
         once(ok)});
  ASSERT_TRUE(call(to("/1")));
  ASSERT_TRUE(call(to("/2")));
  advance(seconds(20));
  ASSERT_TRUE(call(to("/3")));
  EXPECT_EQ(requests.size(), 3U);
}

// It answers once and leaves, but only when the next request is on its way: quiet() could not know.
TEST_F(HttpClientTest, a_kept_connection_that_closes_is_replaced_once) {
  serve({Play{{ok, ""}}, once(ok)});
  ASSERT_TRUE(call(to("/1")));
  const auto answer = call(to("/2"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(requests.size(), 3U);
}

TEST_F(HttpClientTest, what_may_not_be_sent_twice_is_not) {
  serve({Play{{ok, ""}}, Play{{ok, ""}}, once(ok)});
  auto post = to("/");
  post.method = "POST";
  ASSERT_TRUE(call(post));
  const auto answer = call(post);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::closed);
  EXPECT_EQ(requests.size(), 2U);
  post.repeatable = true;
  ASSERT_TRUE(call(post));
  ASSERT_TRUE(call(post));
}

TEST_F(HttpClientTest, half_an_answer_is_never_asked_for_again) {
  serve({Play{{ok, "HTTP/1.1 200 OK\r\nContent-Le"}}, once(ok)});
  ASSERT_TRUE(call(to("/")));
  EXPECT_FALSE(call(to("/")));
  EXPECT_EQ(requests.size(), 2U);
}

TEST_F(HttpClientTest, a_fresh_connection_that_closes_is_an_error_at_once) {
  serve({once(""), once(ok)});
  EXPECT_EQ(call(to("/")).error().code, Errc::closed);
  EXPECT_EQ(requests.size(), 1U);
}

TEST_F(HttpClientTest, what_is_no_http_is_a_protocol_error) {
  for (const char* answer :
       {"220 mail.example.com ESMTP\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc"}) {
    if (listener) listener->close();
    serve({once(answer)});
    const auto result = call(to("/"));
    ASSERT_FALSE(result) << answer;
    EXPECT_EQ(result.error().code, Errc::protocol) << answer;
    EXPECT_THAT(result.error().message, StartsWith("http://" + listener->local_address() + ": "));
  }
}

TEST_F(HttpClientTest, a_head_without_end_is_cut_off) {
  serve({Play{{"HTTP/1.1 200 OK\r\nX: "}, false, false, true}});
  EXPECT_EQ(call(to("/")).error().code, Errc::protocol);
}

TEST_F(HttpClientTest, a_body_without_end_ends_at_the_bound) {
  for (const char* head :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n"}) {
    if (listener) listener->close();
    serve({Play{{head}, false, false, true}});
    auto asked = to("/");
    asked.limits.max_body = 1024 * 1024;
    EXPECT_EQ(call(asked).error().code, Errc::full) << head;
  }
}

TEST_F(HttpClientTest, a_body_of_exactly_the_bound_is_read) {
  const std::string body(1000, 'x');
  serve({once("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body),
         once("HTTP/1.1 200 OK\r\n\r\n" + body)});
  auto asked = to("/");
  asked.limits.max_body = body.size();
  EXPECT_EQ(call(asked)->body, body);
  made.reset();
  EXPECT_EQ(call(asked)->body, body);
}

TEST_F(HttpClientTest, an_endpoint_that_hangs_is_a_timeout_with_its_phase) {
  serve({Play{{}, true}});
  auto later = start(client().call(to("/")));
  ASSERT_TRUE(run_until([this] { return requests.size() == 1; }));
  advance(seconds(29));
  EXPECT_FALSE(*later);
  advance(seconds(1));
  const auto answer = result_of(later);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_THAT(answer.error().message, EndsWith("no answer within 30 s"));
}

// On a scripted stream, where nothing is on its way.
TEST_F(HttpClientTest, a_body_that_stops_is_a_timeout_of_the_whole) {
  support::Script script(loop.get_executor(), clock);
  script.reply("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  support::FakeDialer scripted;
  scripted.hand_out(script.stream());
  PooledHttpClient over_script(clock, scripted, {});
  HttpCall asked;
  asked.url = HttpUrl::parse("http://a.example/").value();
  auto later = start(over_script.call(asked));
  advance(seconds(59));
  EXPECT_FALSE(*later);
  advance(seconds(1));
  const auto answer = result_of(later);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_THAT(answer.error().message, EndsWith("the answer did not end within 60 s"));
}

TEST_F(HttpClientTest, a_handshake_that_hangs_is_a_timeout_of_the_connection) {
  serve({Play{{}, true}});
  auto later = start(client().call(to("/", "https")));
  advance(seconds(5));
  const auto answer = result_of(later);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_THAT(answer.error().message, EndsWith("no connection within 5 s"));
}

TEST_F(HttpClientTest, a_certificate_of_another_host_is_refused) {
  serve_tls({once(ok)}, "DNS:other.example");
  const auto answer = call(to("/", "https"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::tls);
  EXPECT_THAT(answer.error().message, StartsWith("https://127.0.0.1:"));
  EXPECT_TRUE(requests.empty());
}

TEST_F(HttpClientTest, a_certificate_of_an_unknown_authority_is_refused) {
  const support::TestCa other(directory, "Other CA");
  const auto files = other.issue("IP:127.0.0.1");
  serve({once(ok)}, TlsContext::server(files.certificate, files.key).value());
  EXPECT_EQ(call(to("/", "https")).error().code, Errc::tls);
}

TEST_F(HttpClientTest, nobody_there_is_refused_and_no_name_is_unreachable) {
  serve({});
  auto asked = to("/");
  listener->close();
  listener.reset();
  EXPECT_EQ(call(asked).error().code, Errc::refused);
  asked.url.host = "nowhere.example";
  const auto nameless = call(asked);
  EXPECT_EQ(nameless.error().code, Errc::unreachable);
  EXPECT_THAT(nameless.error().message, HasSubstr("nowhere.example"));
}

}  // namespace
}  // namespace postern::net
