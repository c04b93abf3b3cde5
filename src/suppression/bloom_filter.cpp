#include "suppression/bloom_filter.hpp"

namespace postern::suppression {

namespace {

constexpr std::uint64_t bits_a_key = 12;
constexpr std::uint64_t bits_a_block = 512;

// The bits inside the block have to know nothing of the choice of the block, which uses the upper ones: with
// a product in between (the finaliser of MurmurHash3), each depends on all.
std::uint64_t mixed(std::uint64_t hash) {
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
  return hash ^ hash >> 33;
}

std::uint64_t next_bit(std::uint64_t& choice) {
  const auto bit = std::uint64_t{1} << (choice & 63);
  choice >>= 6;
  return bit;
}

}  // namespace

BloomFilter::BloomFilter(std::uint64_t keys)
    : keys_(made_for(keys)),
      count_((keys_ * bits_a_key + bits_a_block - 1) / bits_a_block),
      blocks_(std::make_unique<Block[]>(count_)) {}

// The upper half of the hash as a fraction of the number of blocks.
BloomFilter::Block& BloomFilter::block_of(std::uint64_t hash) const {
  return blocks_[(hash >> 32) * count_ >> 32];
}

void BloomFilter::add(std::uint64_t hash) {
  auto& block = block_of(hash);
  auto choice = mixed(hash);
  bool fresh = false;
  for (auto& word : block.words) {
    const auto bit = next_bit(choice);
    if ((word.load(std::memory_order_relaxed) & bit) != 0) continue;
    word.fetch_or(bit, std::memory_order_relaxed);
    fresh = true;
  }
  if (fresh) added_.fetch_add(1, std::memory_order_relaxed);
}

bool BloomFilter::may_have(std::uint64_t hash) const {
  const auto& block = block_of(hash);
  auto choice = mixed(hash);
  for (const auto& word : block.words)
    if ((word.load(std::memory_order_relaxed) & next_bit(choice)) == 0) return false;
  return true;
}

}  // namespace postern::suppression
