// A net::Dialer that hands out prepared streams and errors in order and remembers who asked for what. When
// nothing is prepared any more, connecting is refused.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "postern/net/dialer.hpp"

namespace postern::support {

class FakeDialer final : public net::Dialer {
 public:
  void hand_out(std::unique_ptr<net::Stream> stream) { next_.emplace_back(std::move(stream)); }
  void hand_out(base::Error error) { next_.emplace_back(std::move(error)); }
  const std::vector<net::Target>& targets() const { return targets_; }

  base::Task<base::Result<std::unique_ptr<net::Stream>>> connect(net::Target target,
                                                                 base::SteadyTime deadline) override {
    targets_.push_back(std::move(target));
    if (next_.empty()) co_return base::fail(base::Errc::refused, "nothing is prepared");
    auto result = std::move(next_.front());
    next_.pop_front();
    if (result) (*result)->set_deadline(deadline);
    co_return result;
  }

 private:
  std::deque<base::Result<std::unique_ptr<net::Stream>>> next_;
  std::vector<net::Target> targets_;
};

}  // namespace postern::support
