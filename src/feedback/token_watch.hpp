// Notices that the tokens of a paged answer go round in a circle, with the memory of one token (Brent's
// algorithm): a circle of n pages is seen at the latest after three times n pages and what led into it. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace postern::feedback {

class TokenWatch {
 public:
  // The token that was sent and the one that came. True: seen before.
  bool repeats(const std::string& sent, const std::string& came) {
    if (came.empty()) return false;
    if (came == sent || came == kept_) return true;
    if (++since_ >= power_) {
      kept_ = came;
      power_ *= 2;
      since_ = 0;
    }
    return false;
  }

 private:
  std::string kept_;
  std::uint64_t power_ = 1;
  std::uint64_t since_ = 0;
};

}  // namespace postern::feedback
