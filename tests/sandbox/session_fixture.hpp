// A session of the sandbox over a stream in memory, on a clock that stands still: says lines, reads replies
// and what was kept.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "memory_stream.hpp"
#include "postern/base/spawn.hpp"
#include "sandbox/files.hpp"
#include "sandbox/session.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::sandbox {

class SessionTest : public testing::Test {
 protected:
  void TearDown() override {
    const auto connections = service_.connections;
    for (auto* connection : connections) connection->abort();
    settle();
    EXPECT_EQ(tasks_.size(), 0U);
  }
  // What the server says to `text`.
  std::string ask(const std::string& text) {
    wire_->say(text);
    settle();
    return wire_->take();
  }
  void settle() { support::advance(loop_, clock_, std::chrono::milliseconds(0)); }
  void connect() {
    auto connection =
        std::make_shared<Connection>(std::make_unique<MemoryStream>(wire_, loop_.get_executor()), clock_,
                                     loop_.get_executor(), service_.connections);
    tasks_.spawn("watch", Connection::watch(connection));
    tasks_.spawn("session", run(connection, service_));
    settle();
  }
  // As far as a transaction can begin.
  void log_in() {
    connect();
    ask("EHLO relay\r\nSTARTTLS\r\n");
    ask("EHLO relay\r\n");
    ASSERT_EQ(ask("AUTH PLAIN AHVzZXIAcGFzcw==\r\n"), "235 Authentication successful.\r\n");
  }
  std::string send(const std::string& message, const std::string& rcpts = "RCPT TO:<b@example.net>\r\n") {
    ask("MAIL FROM:<a@example.com>\r\n" + rcpts);
    EXPECT_EQ(ask("DATA\r\n"), "354 End data with <CR><LF>.<CR><LF>\r\n");
    return ask(message + ".\r\n");
  }
  std::vector<std::string> kept(const std::string& extension) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.file("messages")))
      if (entry.path().extension() == extension) found.push_back(entry.path());
    return found;
  }
  Options in_directory() const {
    Options options;
    options.data = directory_.path();
    return options;
  }
  // The .json of the message that this reply accepts.
  boost::json::object record_of(const std::string& reply) {
    EXPECT_TRUE(reply.starts_with("250 Ok ")) << reply;
    const auto text = read_file(directory_.file("messages/" + reply.substr(7, 60) + ".json"));
    return text ? boost::json::parse(*text).as_object() : boost::json::object();
  }
  static base::Task<void> run(std::shared_ptr<Connection> connection, Service& service) {
    Session session(std::move(connection), service);
    co_await session.run();
  }

  support::TempDir directory_;
  support::ManualClock clock_;
  base::SeededRandom random_{7};
  base::Log log_{clock_, [](std::string_view) {}};
  boost::asio::io_context loop_{1};
  Options options_ = in_directory();
  Service service_{options_,
                   clock_,
                   random_,
                   log_,
                   Account(clock_, 0, 0),
                   Store::open(directory_.path()).value(),
                   Suppression::open(options_, clock_.wall_now()).value(),
                   Credentials{"user", "pass"},
                   nullptr,
                   {}};
  base::TaskGroup tasks_{loop_.get_executor(), clock_, log_};
  std::shared_ptr<Wire> wire_ = std::make_shared<Wire>();

  const std::string plain_ = "From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n";
};

}  // namespace postern::sandbox
