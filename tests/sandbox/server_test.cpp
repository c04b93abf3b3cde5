// The sandbox over real sockets, with our own client's half of the protocol against it.
#include "sandbox/server.hpp"

#include <filesystem>

#include "postern/net/buffered.hpp"
#include "postern/smtp/client_protocol.hpp"
#include "server_fixture.hpp"

namespace postern::sandbox {
namespace {

base::Task<base::Result<smtp::Reply>> read_reply(net::BufferedReader& reader) {
  smtp::ReplyParser parser;
  for (;;) {
    if (const auto line = reader.take_line()) {
      const auto status = parser.add_line(*line);
      if (status == smtp::ReplyParser::Status::done) co_return parser.take();
      if (status == smtp::ReplyParser::Status::malformed)
        co_return base::fail(base::Errc::protocol, std::string(*line));
      continue;
    }
    auto filled = co_await reader.fill();
    if (!filled) co_return filled.error();
  }
}

class ServerTest : public RunningServer {
 protected:
  void SetUp() override {
    RunningServer::SetUp();
    options_.user = "user";
    options_.password = "pass";
  }
  base::Task<std::unique_ptr<net::Stream>> connect() {
    auto stream = co_await dial(field("smtp"));
    co_return std::move(stream.value());
  }
  // As a relay does it: greeting, STARTTLS with `host` verified, AUTH. Empty when ready, else what is wrong.
  base::Task<std::string> greet(std::shared_ptr<net::TlsContext> context, std::string host) {
    auto stream = co_await connect();
    net::BufferedReader reader(*stream);
    smtp::ClientOptions options;
    options.helo = "relay.example.com";
    options.start_tls = true;
    options.username = "user";
    options.password = "pass";
    smtp::ClientGreeting greeting(options);
    for (;;) {
      auto reply = co_await read_reply(reader);
      if (!reply) co_return reply.error().message;
      auto step = greeting.step(*reply);
      if (step.action == smtp::ClientGreeting::Action::start_tls) {
        auto encrypted = co_await stream->start_tls_client(context, host);
        if (!encrypted) co_return encrypted.error().message;
        step = greeting.tls_started();
      }
      if (step.action == smtp::ClientGreeting::Action::failed) co_return greeting.failure().to_string();
      if (step.action == smtp::ClientGreeting::Action::ready) co_return "";
      auto written = co_await stream->write(step.bytes);
      if (!written) co_return written.error().message;
    }
  }
  base::Task<std::string> first_reply() {
    auto stream = co_await connect();
    net::BufferedReader reader(*stream);
    auto reply = co_await read_reply(reader);
    if (!reply) co_return reply.error().message;
    co_return reply->to_string();
  }
};

}  // namespace

TEST_F(ServerTest, certificate_is_good_for_every_name_it_is_called_by) {
  start();
  const auto context = net::TlsContext::client(field("ca")).value();
  for (const auto* host : {"127.0.0.1", "localhost", "email-smtp.ap-northeast-1.amazonaws.com"})
    EXPECT_EQ(support::run(loop_, greet(context, host)), "") << host;
}

TEST_F(ServerTest, certificate_is_good_for_no_other_name_and_no_other_client) {
  start();
  const auto context = net::TlsContext::client(field("ca")).value();
  EXPECT_NE(support::run(loop_, greet(context, "email-smtp.us-east-1.amazonaws.com")), "");
  const auto without_ca = net::TlsContext::client("").value();
  EXPECT_NE(support::run(loop_, greet(without_ca, "localhost")), "");
}

TEST_F(ServerTest, ready_line_has_what_a_relay_needs) {
  start();
  EXPECT_TRUE(server_->ready_line().starts_with("ready smtp=127.0.0.1:")) << server_->ready_line();
  EXPECT_TRUE(std::filesystem::path(field("ca")).is_absolute());
  EXPECT_EQ(server_->ready_line().find(" api="), std::string::npos);
  EXPECT_EQ(field("user"), "user");
  EXPECT_EQ(field("password"), "pass");
}

TEST_F(ServerTest, one_connection_too_many_gets_421) {
  options_.max_connections = 1;
  start();
  auto first = support::run(loop_, connect());
  EXPECT_EQ(support::run(loop_, first_reply()), "421 Too many concurrent SMTP connections");
}

TEST_F(ServerTest, address_in_use_is_busy_and_named) {
  start();
  auto other = options_;
  other.smtp = field("smtp");
  const auto second = Server::create(other, Environment{loop_.get_executor(), clock_, random_, log_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::Errc::busy);
  EXPECT_NE(second.error().message.find(other.smtp), std::string::npos) << second.error().message;
}

TEST_F(ServerTest, stop_cuts_open_connections) {
  start();
  auto idle = support::run(loop_, connect());
  EXPECT_TRUE(support::run(loop_, first_reply()).starts_with("220 "));
}

}  // namespace postern::sandbox
