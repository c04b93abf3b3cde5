// The HTTP server behind TLS, with our own client's hand-shake against it.
#include "loopback.hpp"
#include "postern/net/http_server.hpp"
#include "postern/net/tls.hpp"
#include "support/test_ca.hpp"

namespace postern::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::EndsWith;
using testing::StartsWith;

class HttpsTest : public LoopbackTest {
 protected:
  ~HttpsTest() override {
    listener->close();
    cancel_tasks();
    run_until([this] { return tasks.size() == 0; });
  }

  // /slow takes ten seconds.
  base::Task<HttpResponse> echo(HttpRequest request) {
    HttpResponse out;
    if (request.path == "/slow") {
      ++slow;
      co_await base::sleep_for(clock, seconds(10));
    }
    out.body = request.method + " " + request.path + " [" + request.query + "] [" + request.body + "]";
    co_return out;
  }
  void serve(HttpServerOptions options = {}) {
    const auto files = ca.issue("IP:127.0.0.1");
    options.tls = TlsContext::server(files.certificate, files.key).value();
    listener = listen("127.0.0.1:0");
    HttpHandler handler = [this](HttpRequest request) { return echo(std::move(request)); };
    tasks.spawn("serve", serve_http(listener, std::move(handler), options, clock, tasks));
  }
  StreamPtr dial() {
    return std::move(run(dialer.connect(target_of(*listener), base::SteadyTime::max())).value());
  }
  StreamPtr dial_securely() {
    auto stream = dial();
    EXPECT_TRUE(run(stream->start_tls_client(TlsContext::client(ca.file()).value(), "127.0.0.1")));
    return stream;
  }
  std::string exchange(Stream& stream, const std::string& bytes) {
    EXPECT_TRUE(run(write_text(stream, bytes)));
    return run(read_to_end(stream)).value();
  }

  static constexpr const char* last_get = "GET /b%2Fc?d=e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  support::TestCa ca{directory};
  std::shared_ptr<Listener> listener;
  int slow = 0;  // requests for /slow so far
};

TEST_F(HttpsTest, requests_go_round_within_tls) {
  serve();
  auto stream = dial_securely();
  const auto text =
      exchange(*stream, std::string("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi") + last_get);
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(text.find("POST /a [] [hi]HTTP/1.1 200 OK\r\n"), std::string::npos) << text;
  EXPECT_THAT(text, EndsWith("GET /b%2Fc [d=e] []"));
}

TEST_F(HttpsTest, nothing_is_answered_in_clear) {
  serve();
  auto stream = dial();
  ASSERT_TRUE(run(write_text(*stream, last_get)));
  const auto answer = run(read_to_end(*stream));
  EXPECT_EQ(answer ? answer->find("HTTP/") : std::string::npos, std::string::npos);
  EXPECT_TRUE(run_until([this] { return tasks.size() == 1; }));
}

TEST_F(HttpsTest, a_client_that_stops_within_the_hand_shake_is_cut_off_in_time) {
  serve();
  auto stream = dial();
  ASSERT_TRUE(run_until([this] { return tasks.size() == 2; }));
  advance(milliseconds(29'999));
  EXPECT_EQ(tasks.size(), 2U);
  advance(milliseconds(1));
  EXPECT_TRUE(run_until([this] { return tasks.size() == 1; }));
}

TEST_F(HttpsTest, one_connection_too_many_is_turned_away_within_tls) {
  HttpServerOptions options;
  options.max_connections = 1;
  serve(options);
  auto first = dial_securely();
  ASSERT_TRUE(run(write_text(*first, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
  run_until([this] { return slow == 1; });
  auto second = dial_securely();
  EXPECT_THAT(run(read_to_end(*second)).value(), StartsWith("HTTP/1.1 503 "));
  advance(seconds(10));
  EXPECT_THAT(run(read_to_end(*first)).value(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpsTest, cancelled_connections_end) {
  serve();
  auto idle = dial_securely();
  auto half = dial();
  ASSERT_TRUE(run_until([this] { return tasks.size() == 3; }));
  cancel_tasks();
  EXPECT_TRUE(run_until([this] { return tasks.size() == 0; }));
}

}  // namespace
}  // namespace postern::net
