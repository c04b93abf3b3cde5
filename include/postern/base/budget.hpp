// A shared allowance of bytes (limits.memory). Who can't get its share spills to disk or refuses; nobody
// waits for it. Loop thread only. The budget outlives its leases.
#pragma once

#include <cstddef>
#include <utility>

namespace postern::base {

class Budget {
 public:
  explicit Budget(std::size_t limit) : limit_(limit) {}
  bool take(std::size_t bytes) {
    if (bytes > limit_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void give_back(std::size_t bytes) { used_ -= bytes; }
  void set_limit(std::size_t limit) { limit_ = limit < used_ ? used_ : limit; }
  std::size_t used() const { return used_; }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
};

// What one holder has taken; gives it back when it goes.
class Lease {
 public:
  explicit Lease(Budget& budget) : budget_(&budget) {}
  Lease(Lease&& other) noexcept : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  Lease& operator=(Lease&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Lease() { budget_->give_back(bytes_); }
  bool grow(std::size_t bytes) {
    if (!budget_->take(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  void release() { budget_->give_back(std::exchange(bytes_, 0)); }
  std::size_t bytes() const { return bytes_; }

 private:
  Budget* budget_;
  std::size_t bytes_ = 0;
};

}  // namespace postern::base
