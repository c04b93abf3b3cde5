// A running sandbox on ports of its own, and the way to it: what the tests over real sockets share.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "postern/net/dialer.hpp"
#include "sandbox/server.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::sandbox {

class LiteralResolver final : public net::HostResolver {
 public:
  base::Task<base::Result<std::vector<net::IpAddress>>> addresses(std::string host) override {
    const auto address = net::IpAddress::parse(host);
    if (!address) co_return address.error();
    co_return std::vector<net::IpAddress>(1, *address);
  }
};

class RunningServer : public testing::Test {
 protected:
  void SetUp() override { options_.data = directory_.path(); }
  void start() {
    auto server = Server::create(options_, Environment{loop_.get_executor(), clock_, random_, log_});
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    server_->start();
  }
  void TearDown() override {
    if (!server_) return;
    boost::asio::post(loop_, [this] { server_->stop(); });
    loop_.restart();
    loop_.run_for(std::chrono::seconds(5));
    EXPECT_EQ(server_->tasks(), 0U);
  }
  // What the ready line says of it.
  std::string field(const std::string& name) const {
    const auto line = server_->ready_line() + " ";
    const auto at = line.find(" " + name + "=") + name.size() + 2;
    return line.substr(at, line.find(' ', at) - at);
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(std::string address) {
    LiteralResolver resolver;
    net::TcpDialer dialer(loop_.get_executor(), clock_, resolver);
    const auto where = net::HostPort::parse(address).value();
    net::Target target;
    target.host = where.host;
    target.port = where.port;
    auto stream = co_await dialer.connect(std::move(target), clock_.steady_now() + std::chrono::seconds(5));
    co_return stream;
  }

  support::TempDir directory_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  base::Log log_{clock_, [](std::string_view) {}};
  boost::asio::io_context loop_{1};
  Options options_;
  std::unique_ptr<Server> server_;
};

}  // namespace postern::sandbox
