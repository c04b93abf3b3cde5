#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <future>

#include "loopback.hpp"
#include "net/socket_address.hpp"
#include "postern/net/http_server.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class HttpTest : public LoopbackTest {
 protected:
  using Call = std::future<base::Result<HttpResponse>>;

  ~HttpTest() override {
    if (listener) listener->close();
    cancel_tasks();
    run_until([this] { return tasks.size() == 0; });
  }

  // Says what it was asked; /fail throws, /slow takes a minute.
  static base::Task<HttpResponse> echo(HttpRequest request, base::Clock& clock) {
    if (request.path == "/fail") throw std::runtime_error("secret detail");
    if (request.path == "/fail/oddly") throw 17;
    if (request.path == "/slow") co_await base::sleep_for(clock, std::chrono::minutes(1));
    HttpResponse out;
    out.headers["X-Test"] = request.headers["x-test"];
    out.body = request.method + " " + request.path + " [" + request.query + "] [" + request.body + "]" +
               (request.over_local_socket ? " local" : "");
    if (request.path == "/nothing") out.status = 204;
    co_return out;
  }
  void serve(const std::string& address, HttpServerOptions options = {}) {
    listener = listen(address);
    HttpHandler handler = [this](HttpRequest request) { return echo(std::move(request), clock); };
    tasks.spawn("serve", serve_http(listener, std::move(handler), options, clock, tasks));
  }
  // What the server answers to these bytes until it closes.
  std::string exchange(const std::string& bytes) {
    auto stream = dial();
    EXPECT_TRUE(run(write_text(*stream, bytes)));
    return run(read_to_end(*stream)).value();
  }
  StreamPtr dial() {
    return std::move(run(dialer.connect(target_of(*listener), base::SteadyTime::max())).value());
  }

  Call call_later(const std::string& address, HttpRequest request, base::Duration time) {
    return std::async(std::launch::async, [=] { return http_call(address, request, time); });
  }
  base::Result<HttpResponse> result_of(Call& call) {
    run_until([&] { return call.wait_for(seconds(0)) == std::future_status::ready; });
    return call.get();
  }
  base::Result<HttpResponse> call(HttpRequest request, base::Duration time = seconds(20)) {
    auto later = call_later(listener->local_address(), std::move(request), time);
    return result_of(later);
  }
  static HttpRequest request(std::string method, std::string path, std::string body = "") {
    HttpRequest out;
    out.method = std::move(method);
    out.path = std::move(path);
    out.body = std::move(body);
    return out;
  }

  static constexpr const char* get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  static constexpr const char* last_get = "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  std::shared_ptr<Listener> listener;
};

TEST_F(HttpTest, a_request_goes_round_over_tcp) {
  serve("127.0.0.1:0");
  auto asked = request("POST", "/api/v1/queue", "the body");
  asked.query = "id=all&x=1";
  asked.headers["X-Test"] = "seen";
  const auto answer = call(asked);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "POST /api/v1/queue [id=all&x=1] [the body]");
  EXPECT_EQ(answer->content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(answer->headers.at("x-test"), "seen");
}

TEST_F(HttpTest, a_request_over_a_local_socket_is_known_as_such) {
  serve("unix:" + directory.file("admin.sock"));
  EXPECT_THAT(call(request("GET", "/"))->body, EndsWith(" local"));
}

TEST_F(HttpTest, large_bodies_go_both_ways) {
  serve("127.0.0.1:0");
  const std::string large(900'000, 'x');
  EXPECT_THAT(call(request("POST", "/", large))->body, HasSubstr(large));
}

TEST_F(HttpTest, eight_calls_at_once) {
  serve("unix:" + directory.file("admin.sock"));
  std::vector<Call> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(
        call_later(listener->local_address(), request("GET", "/" + std::to_string(i)), seconds(20)));
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_THAT(result_of(calls[i])->body, StartsWith("GET /" + std::to_string(i) + " "));
  }
}

TEST_F(HttpTest, head_has_the_length_but_no_body) {
  serve("127.0.0.1:0");
  const auto text = exchange("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, AllOf(HasSubstr("Content-Length: 13\r\n"), EndsWith("\r\n\r\n")));
  const auto answer = call(request("HEAD", "/a"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "");
}

TEST_F(HttpTest, no_content_has_no_length) {
  serve("127.0.0.1:0");
  EXPECT_THAT(exchange("GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 204 "), Not(HasSubstr("Content-Length")), EndsWith("\r\n\r\n")));
}

TEST_F(HttpTest, a_connection_serves_one_request_after_the_other) {
  serve("127.0.0.1:0");
  const auto text = exchange(std::string(get) + get + last_get);  // pipelined
  EXPECT_THAT(text, AllOf(HasSubstr("GET /a [] []HTTP/1.1 200 OK"), EndsWith("GET /b [] []")));
}

TEST_F(HttpTest, http_1_0_closes_after_one) {
  serve("127.0.0.1:0");
  EXPECT_THAT(exchange("GET /a HTTP/1.0\r\n\r\n"), EndsWith("GET /a [] []"));
}

TEST_F(HttpTest, a_request_may_come_byte_by_byte) {
  serve("127.0.0.1:0");
  auto stream = dial();
  const std::string bytes = "POST /a?b HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nxyz";
  for (const char c : bytes) {
    ASSERT_TRUE(run(write_text(*stream, std::string(1, c))));
    advance(milliseconds(0));
  }
  EXPECT_THAT(run(read_to_end(*stream)).value(), EndsWith("POST /a [b] [xyz]"));
}

TEST_F(HttpTest, chunked_bodies_are_put_together) {
  serve("127.0.0.1:0");
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                       "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
              EndsWith("[abcde]"));
}

TEST_F(HttpTest, a_client_that_waits_for_100_is_told_to_go_on) {
  serve("127.0.0.1:0");
  auto stream = dial();
  ASSERT_TRUE(run(write_text(*stream,
                             "POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
                             "Connection: close\r\n\r\n")));
  EXPECT_EQ(run(read_text(*stream)).value(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(run(write_text(*stream, "xyz")));
  EXPECT_THAT(run(read_to_end(*stream)).value(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("[xyz]")));
}

TEST_F(HttpTest, what_is_no_request_is_refused) {
  serve("127.0.0.1:0");
  for (const char* bytes : {"EHLO there\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_THAT(exchange(bytes), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("Connection: close\r\n")))
        << bytes;
  }
}

TEST_F(HttpTest, a_length_and_chunks_together_are_refused) {
  serve("127.0.0.1:0");
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpTest, heads_and_bodies_have_limits) {
  HttpServerOptions options;
  options.max_head = 1000;
  options.max_body = 2000;
  serve("127.0.0.1:0", options);
  const std::string large(1100, 'x');
  EXPECT_THAT(exchange("GET /" + large + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nX: " + large), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nContent-Length: 2001\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7d1\r\n" + large),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(call(request("POST", "/", std::string(2000, 'x')))->status, 200);
}

TEST_F(HttpTest, one_connection_too_many_is_turned_away) {
  HttpServerOptions options;
  options.max_connections = 2;
  serve("127.0.0.1:0", options);
  auto first = dial();
  auto second = dial();
  for (auto* busy : {first.get(), second.get()}) {
    ASSERT_TRUE(run(write_text(*busy, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")));
  }
  ASSERT_TRUE(run_until(
      [this] { return clock.next() <= clock.steady_now() + std::chrono::minutes(1) && tasks.size() == 3; }));
  EXPECT_THAT(exchange(get), StartsWith("HTTP/1.1 503 "));
  advance(std::chrono::minutes(1));
  EXPECT_THAT(exchange(last_get), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpTest, who_holds_a_connection_without_asking_makes_room_for_who_asks) {
  HttpServerOptions options;
  options.max_connections = 2;
  serve("127.0.0.1:0", options);
  auto silent = dial();
  advance(seconds(1));
  auto drips = dial();
  ASSERT_TRUE(run(write_text(*drips, "GET /li")));
  ASSERT_TRUE(run_until([this] { return tasks.size() == 3; }));
  EXPECT_THAT(exchange(last_get), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(run(read_to_end(*silent)).has_value() ? "" : "error", std::string());  // the idlest went
  EXPECT_THAT(exchange(last_get), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpTest, other_tasks_of_the_group_take_no_connections_away) {
  HttpServerOptions options;
  options.max_connections = 1;
  serve("127.0.0.1:0", options);
  for (int i = 0; i < 3; ++i) tasks.spawn("other", base::sleep_for(clock, seconds(1)));
  EXPECT_THAT(exchange(last_get), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpTest, an_idle_connection_is_closed_in_time) {
  serve("127.0.0.1:0");
  auto stream = dial();
  auto text = start(read_to_end(*stream));
  advance(milliseconds(29999));
  EXPECT_FALSE(*text);
  advance(milliseconds(1));
  ASSERT_TRUE(run_until([&] { return text->has_value(); }));
  EXPECT_EQ((*text)->value(), "");
}

TEST_F(HttpTest, a_request_that_never_ends_gets_a_timeout) {
  serve("127.0.0.1:0");
  auto stream = dial();
  auto text = start(read_to_end(*stream));
  for (int i = 0; i < 29; ++i) {
    ASSERT_TRUE(run(write_text(*stream, i == 0 ? "GET / HTTP/1.1\r\n" : "X: y\r\n")));
    advance(seconds(1));
  }
  EXPECT_FALSE(*text);
  advance(seconds(1));
  ASSERT_TRUE(run_until([&] { return text->has_value(); }));
  EXPECT_THAT((*text)->value(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpTest, a_slow_handler_is_not_an_idle_client) {
  serve("127.0.0.1:0");
  auto stream = dial();
  ASSERT_TRUE(run(write_text(*stream, "GET /slow HTTP/1.1\r\nConnection: close\r\n\r\n")));
  auto text = start(read_to_end(*stream));
  advance(seconds(60));
  ASSERT_TRUE(run_until([&] { return text->has_value(); }));
  EXPECT_THAT((*text)->value(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpTest, a_handler_that_throws_is_a_500_without_details_and_logged) {
  serve("127.0.0.1:0");
  for (const char* path : {"/fail", "/fail/oddly"}) {
    const auto text = exchange(std::string("GET ") + path + " HTTP/1.1\r\n\r\n");
    EXPECT_THAT(text, AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("secret"))));
  }
  ASSERT_TRUE(run_until([this] { return lines.size() == 2; }));
  EXPECT_THAT(lines.front(), HasSubstr("secret detail"));
}

TEST_F(HttpTest, cancelled_connections_end_quietly) {
  serve("127.0.0.1:0");
  auto idle = dial();
  auto busy = dial();
  ASSERT_TRUE(run(write_text(*busy, "GET /slow HTTP/1.1\r\n\r\n")));
  ASSERT_TRUE(run_until([this] { return tasks.size() == 3; }));
  advance(milliseconds(0));
  cancel_tasks();
  EXPECT_TRUE(run_until([this] { return tasks.size() == 0; }));
  EXPECT_THAT(lines, IsEmpty());
  EXPECT_EQ(run(read_to_end(*idle)).value(), "");
}

TEST_F(HttpTest, a_call_tells_why_it_failed) {
  const auto get_root = request("GET", "/");
  EXPECT_EQ(http_call("unix:" + directory.file("none"), get_root, seconds(1)).error().code, Errc::not_found);
  EXPECT_EQ(http_call("nonsense", get_root, seconds(1)).error().code, Errc::invalid);
  auto closed = listen("127.0.0.1:0");
  const auto address = closed->local_address();
  closed.reset();
  const auto refused = http_call(address, get_root, seconds(1));
  EXPECT_EQ(refused.error().code, Errc::refused);
  EXPECT_THAT(refused.error().message, HasSubstr(address));
  auto silent = listen("127.0.0.1:0");
  EXPECT_EQ(http_call(silent->local_address(), get_root, milliseconds(50)).error().code, Errc::timeout);
}

TEST_F(HttpTest, a_call_waits_for_room_in_the_queue_of_the_socket) {
  const auto path = directory.file("full");
  const auto where = SocketAddress::of_path(path).value();
  const int queue = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(queue, where.get(), where.size), 0);
  ASSERT_EQ(::listen(queue, 0), 0);
  const timeval patience{10, 0};
  ::setsockopt(queue, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int first = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(first, where.get(), where.size), 0);
  EXPECT_EQ(http_call("unix:" + path, request("GET", "/"), milliseconds(50)).error().code, Errc::timeout);
  auto calling = call_later("unix:" + path, request("GET", "/"), seconds(20));
  EXPECT_EQ(calling.wait_for(milliseconds(50)), std::future_status::timeout);
  ::close(::accept(queue, nullptr, nullptr));
  const int second = ::accept(queue, nullptr, nullptr);
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  char asked[1000];
  EXPECT_GT(::recv(second, asked, sizeof asked, 0), 0);
  EXPECT_EQ(::send(second, answer.data(), answer.size(), 0), static_cast<ssize_t>(answer.size()));
  for (const int fd : {second, first, queue}) ::close(fd);
  EXPECT_EQ(calling.get().value().body, "ok");
}

TEST_F(HttpTest, an_answer_that_comes_before_the_request_is_whole_counts) {
  auto server = listen("unix:" + directory.file("server"));
  auto calling =
      call_later(server->local_address(), request("POST", "/", std::string(8 << 20, 'x')), seconds(20));
  auto stream = std::move(run(server->accept()).value());
  ASSERT_TRUE(run(read_text(*stream)));
  ASSERT_TRUE(run(write_text(*stream, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno\n")));
  stream.reset();
  const auto result = result_of(calling);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->status, 413);
}

TEST_F(HttpTest, a_server_that_goes_in_the_middle_of_the_request_is_told_as_such) {
  auto server = listen("unix:" + directory.file("server"));
  auto calling =
      call_later(server->local_address(), request("POST", "/", std::string(8 << 20, 'x')), seconds(20));
  auto stream = std::move(run(server->accept()).value());
  ASSERT_TRUE(run(read_text(*stream)));
  stream.reset();
  const auto result = result_of(calling);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::closed);
}

TEST_F(HttpTest, an_answer_that_is_none_is_a_protocol_error) {
  for (const char* answer : {"", "220 mail.example.com ESMTP\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
                             "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    auto server = listen("unix:" + directory.file("server"));
    auto calling = call_later(server->local_address(), request("GET", "/"), seconds(20));
    auto stream = std::move(run(server->accept()).value());
    ASSERT_TRUE(run(read_text(*stream)));
    ASSERT_TRUE(run(write_text(*stream, answer)));
    stream.reset();
    const auto result = result_of(calling);
    ASSERT_FALSE(result) << answer;
    EXPECT_EQ(result.error().code, Errc::protocol);
  }
}

TEST_F(HttpTest, an_answer_that_drips_does_not_win_time) {
  auto server = listen("unix:" + directory.file("server"));
  auto calling = call_later(server->local_address(), request("GET", "/"), milliseconds(100));
  auto stream = std::move(run(server->accept()).value());
  for (bool writing = true; writing;) {
    writing = run(write_text(*stream, "HTTP/1.1 200 OK\r\n")).has_value() &&
              calling.wait_for(milliseconds(1)) != std::future_status::ready;
  }
  EXPECT_EQ(result_of(calling).error().code, Errc::timeout);
}

TEST(PercentDecode, decodes_what_is_encoded_and_leaves_the_rest) {
  EXPECT_EQ(percent_decode("a%40b%2Ec+d"), "a@b.c+d");
  EXPECT_EQ(percent_decode("%E3%81%82"), "\xe3\x81\x82");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%-1"), "%zz%-1");
  EXPECT_EQ(percent_decode("%41"), "A");
}

TEST(ParseQuery, takes_pairs_apart) {
  using Map = std::map<std::string, std::string>;
  EXPECT_EQ(parse_query("to=a%2Bb%40c.d&since=24h&x"), (Map{{"to", "a+b@c.d"}, {"since", "24h"}, {"x", ""}}));
  EXPECT_EQ(parse_query("q=two+words&&r=a%26b%3D=c"), (Map{{"q", "two words"}, {"r", "a&b==c"}}));
  EXPECT_EQ(parse_query(""), Map{});
}

}  // namespace
}  // namespace postern::net
