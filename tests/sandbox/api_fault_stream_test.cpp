#include "sandbox/api_fault_stream.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "memory_stream.hpp"
#include "postern/base/spawn.hpp"
#include "support/fake_listener.hpp"
#include "support/run.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class BreakingStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    auto inner = std::make_unique<support::FakeListener>(loop_.get_executor(), clock_);
    inner->offer(std::make_unique<MemoryStream>(wire_, loop_.get_executor()));
    listener_ = breaking(std::move(inner), clock_);
    stream_ = std::move(support::run(loop_, listener_->accept()).value());
  }
  void TearDown() override {
    wire_->closed = true;
    support::advance(loop_, clock_, seconds(2));
    EXPECT_EQ(tasks_.size(), 0U);
  }
  static base::Task<void> write(net::Stream& stream, std::string bytes) { co_await stream.write(bytes); }
  void write(const std::string& bytes) {
    tasks_.spawn("write", write(*stream_, bytes));
    support::advance(loop_, clock_, milliseconds(0));
  }

  support::ManualClock clock_;
  boost::asio::io_context loop_{1};
  base::Log log_{clock_, [](std::string_view) {}};
  base::TaskGroup tasks_{loop_.get_executor(), clock_, log_};
  std::shared_ptr<Wire> wire_ = std::make_shared<Wire>();
  std::shared_ptr<net::Listener> listener_;
  std::unique_ptr<net::Stream> stream_;
};

constexpr auto head = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n";

}  // namespace

TEST_F(BreakingStreamTest, mark_is_a_header_of_the_answer) {
  net::HttpResponse response;
  mark_broken(Fault::Kind::cut_body, response);
  EXPECT_EQ(response.headers.at("X-Sandbox-Fault"), "cut-body");
}

TEST_F(BreakingStreamTest, what_is_not_marked_passes_even_if_its_body_looks_so) {
  const auto bytes = std::string(head) + "\r\nbody\r\nX-Sandbox-Fault: cut-body\r\n";
  write(bytes);
  EXPECT_EQ(wire_->take(), bytes);
  EXPECT_FALSE(wire_->closed);
}

TEST_F(BreakingStreamTest, cut_body_is_half_and_then_nothing) {
  const auto marked = std::string(head) + "X-Sandbox-Fault: cut-body\r\n\r\n";
  write(marked + "12345678");
  EXPECT_EQ(wire_->take(), marked + "1234");
  EXPECT_TRUE(wire_->closed);
}

TEST_F(BreakingStreamTest, drip_body_gives_a_byte_a_second) {
  write(std::string(head) + "X-Sandbox-Fault: drip-body\r\n\r\n12345678");
  const auto begin = wire_->take();
  EXPECT_TRUE(begin.starts_with("HTTP/1.1 200 OK\r\n")) << begin;
  EXPECT_EQ(begin.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(begin.ends_with("\r\n\r\n23\r\n{\"SuppressedDestinationSummaries\":[\r\n"));
  support::advance(loop_, clock_, milliseconds(999));
  EXPECT_EQ(wire_->take(), "");
  support::advance(loop_, clock_, milliseconds(2001));
  EXPECT_EQ(wire_->take(), "1\r\n \r\n1\r\n \r\n1\r\n \r\n");
}

}  // namespace postern::sandbox
