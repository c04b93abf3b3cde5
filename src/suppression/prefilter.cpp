#include "suppression/prefilter.hpp"

#include <utility>

namespace postern::suppression {

void Prefilter::add(std::string_view key) {
  if (!serving_ && !growing_) return;
  const auto hashed = hash(key);
  if (serving_) serving_->add(hashed);
  if (growing_) growing_->add(hashed);
}

bool Prefilter::due(std::uint64_t keys) const {
  if (growing_) return false;
  return !serving_ || serving_->crowded() || serving_->made_for() > 2 * BloomFilter::made_for(keys);
}

std::shared_ptr<BloomFilter> Prefilter::begin(std::uint64_t keys) {
  growing_ = std::make_shared<BloomFilter>(keys);
  return growing_;
}

std::shared_ptr<const BloomFilter> Prefilter::serve() {
  asked_.store(growing_.get(), std::memory_order_release);
  return std::exchange(serving_, std::move(growing_));
}

}  // namespace postern::suppression
