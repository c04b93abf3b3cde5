// The API over real sockets: HTTPS with the sandbox's certificate, and answers that break on their way.
#include "sandbox/api_server.hpp"

#include "server_fixture.hpp"

namespace postern::sandbox {
namespace {

class ApiServerTest : public RunningServer {
 protected:
  void SetUp() override {
    RunningServer::SetUp();
    options_.api = "127.0.0.1:0";
    options_.suppressed_count = 100;
  }
  // "GET /v2/email/suppression/addresses HTTP/1.1" and its headers, as a client sends them.
  std::string signed_list() const {
    aws::SignedRequest request{"GET", "/v2/email/suppression/addresses", "", {{"Host", host()}}, ""};
    const aws::SigningScope scope{options_.region, "ses", clock_.wall_now()};
    const aws::SigningKey key{field("access_key_id"), field("secret_access_key"), {}};
    const auto authorization = aws::authorize(request, scope, key);
    std::string text = "GET " + request.path + " HTTP/1.1\r\nConnection: close\r\n";
    for (const auto& [name, value] : request.headers) text.append(name + ": " + value + "\r\n");
    return text + "Authorization: " + authorization + "\r\n\r\n";
  }
  std::string host() const { return field("api").substr(std::string_view("https://").size()); }

  base::Task<base::Result<std::unique_ptr<net::Stream>>> connect() {
    auto stream = co_await dial(host());
    if (!stream) co_return stream.error();
    const auto context = net::TlsContext::client(field("ca")).value();
    auto secured = co_await (*stream)->start_tls_client(context, "127.0.0.1");
    if (!secured) co_return secured.error();
    co_return std::move(*stream);
  }
  // All that comes until the end, or `most` bytes; how it ended is in ended_.
  base::Task<std::string> exchange(std::string request, std::size_t most = 1'000'000) {
    auto stream = co_await connect();
    if (!stream) co_return stream.error().message;
    co_await (*stream)->write(request);
    std::string all;
    std::vector<char> room(64 * 1024);
    while (all.size() < most) {
      auto got = co_await (*stream)->read_some(room);
      if (!got) break;
      all.append(room.data(), *got);
    }
    co_return all;
  }
  std::string answer_to(std::string request, std::size_t most = 1'000'000) {
    return support::run(loop_, exchange(std::move(request), most));
  }
};

}  // namespace

TEST_F(ApiServerTest, signed_request_is_answered_over_https) {
  start();
  EXPECT_TRUE(field("api").starts_with("https://127.0.0.1:")) << server_->ready_line();
  const auto answer = answer_to(signed_list());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("suppressed-00000099@example.net"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("]}"));
}

TEST_F(ApiServerTest, smtp_password_is_the_one_derived_from_the_secret_key) {
  start();
  EXPECT_EQ(field("user"), field("access_key_id"));
  EXPECT_EQ(field("password"), aws::smtp_password(field("secret_access_key"), options_.region));
}

TEST_F(ApiServerTest, faults_are_set_over_the_wire_without_a_signature) {
  start();
  EXPECT_TRUE(answer_to("POST /_sandbox/fault HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\n503")
                  .starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer_to(signed_list()).starts_with("HTTP/1.1 503 "));
}

TEST_F(ApiServerTest, cut_body_ends_before_its_announced_end) {
  options_.api_faults = {"cut-body"};
  start();
  const auto answer = answer_to(signed_list());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
  const auto at = answer.find("Content-Length: ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(body.size(), std::stoul(answer.substr(at + 16)) / 2);
}

TEST_F(ApiServerTest, endless_body_goes_on_as_long_as_it_is_read) {
  options_.api_faults = {"endless-body"};
  start();
  const auto answer = answer_to(signed_list(), 5'000'000);
  EXPECT_GE(answer.size(), 5'000'000U);
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
}

TEST_F(ApiServerTest, stop_ends_an_answer_that_hangs) {
  options_.api_faults = {"hang"};
  start();
  auto stream = support::run(loop_, connect());
  ASSERT_TRUE(stream);
  const auto request = signed_list();
  ASSERT_TRUE(support::run(loop_, (*stream)->write(request)));
  loop_.restart();
  loop_.run_for(std::chrono::milliseconds(50));
  EXPECT_GT(server_->tasks(), 2U);
}

TEST_F(ApiServerTest, address_in_use_is_busy_and_named) {
  start();
  auto other = options_;
  other.api = host();
  const auto second = Server::create(other, Environment{loop_.get_executor(), clock_, random_, log_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::Errc::busy);
  EXPECT_NE(second.error().message.find(other.api), std::string::npos) << second.error().message;
}

}  // namespace postern::sandbox
