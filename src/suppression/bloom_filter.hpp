// Tells of a key that it was surely not added, or that it may have been: a Bloom filter in blocks (Putze,
// Sanders and Singler, 2007), so that a question costs one line of the cache: one bit in each of the eight
// words of a block. Takes hashes with all 64 bits good. Keys are added and asked for by any thread at the
// same time, and never taken out. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace postern::suppression {

class BloomFilter {
 public:
  // How many keys it is made for, of 12 bits each; never fewer than fit into 1.5 KB.
  explicit BloomFilter(std::uint64_t keys);
  static std::uint64_t made_for(std::uint64_t keys) { return std::max(keys, fewest_keys); }

  void add(std::uint64_t hash);
  bool may_have(std::uint64_t hash) const;

  // It has so many more keys than it was made for that of others more than 1 % are kept as well.
  bool crowded() const { return added_.load(std::memory_order_relaxed) > keys_ + keys_ / 5; }
  std::uint64_t made_for() const { return keys_; }
  std::size_t bytes() const { return count_ * sizeof(Block); }

 private:
  // A list that begins small is not built anew all the time.
  static constexpr std::uint64_t fewest_keys = 1024;
  struct alignas(64) Block {
    std::array<std::atomic<std::uint64_t>, 8> words;
  };
  Block& block_of(std::uint64_t hash) const;

  std::uint64_t keys_;
  std::uint64_t count_;
  std::unique_ptr<Block[]> blocks_;
  std::atomic<std::uint64_t> added_{0};  // without those it seemed to have already
};

}  // namespace postern::suppression
