// A net::Listener whose clients are the streams that the test offers. One thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "postern/net/listener.hpp"

namespace postern::support {

class FakeListener final : public net::Listener {
 public:
  FakeListener(base::Executor executor, base::Clock& clock)
      : changed_(clock.make_timer(std::move(executor))) {}

  void offer(std::unique_ptr<net::Stream> client) {
    waiting_.push_back(std::move(client));
    changed_->cancel();
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> accept() override {
    while (open_ && waiting_.empty()) co_await changed_->wait();
    if (!open_) co_return base::fail(base::Errc::closed, "the listener is closed");
    auto client = std::move(waiting_.front());
    waiting_.pop_front();
    co_return client;
  }
  std::string local_address() const override { return "127.0.0.1:25"; }
  void close() override {
    open_ = false;
    changed_->cancel();
  }

 private:
  std::unique_ptr<base::Timer> changed_;
  std::deque<std::unique_ptr<net::Stream>> waiting_;
  bool open_ = true;
};

}  // namespace postern::support
