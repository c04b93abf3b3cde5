// Spares most look-ups the disk: knows of addresses that they are surely not on the list. Answers only once a
// filter is whole, that is, has every key that is visible or that a switch of generations may make visible;
// until then it excludes nothing. One is built beside the one that serves: what is written meanwhile goes
// into both. The hash has a random key, so that nobody can make addresses that crowd one place. No I/O.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "suppression/bloom_filter.hpp"
#include "suppression/siphash.hpp"

namespace postern::suppression {

class Prefilter {
 public:
  explicit Prefilter(HashKey key) : hash_key_(key) {}

  // Loop: `key` is a look-up key, the same that the disk would be asked for. True: it is not on the list.
  bool excludes(std::string_view key) const {
    const auto* filter = asked_.load(std::memory_order_acquire);
    return filter != nullptr && !filter->may_have(hash(key));
  }

  // Books writer. Before the commit that makes the key visible: a look-up that is asked after it is in time.
  void add(std::string_view key);
  // There is none, it is crowded, or more than twice as large as this many keys need.
  bool due(std::uint64_t keys) const;
  // The thread that reads all keys that are there now adds them to it.
  std::shared_ptr<BloomFilter> begin(std::uint64_t keys);
  // Gives the one before: the loop may be in it still.
  std::shared_ptr<const BloomFilter> serve();
  void give_up() { growing_.reset(); }

  std::uint64_t hash(std::string_view key) const { return siphash(hash_key_, key); }

 private:
  const HashKey hash_key_;
  std::atomic<const BloomFilter*> asked_{nullptr};
  std::shared_ptr<BloomFilter> serving_, growing_;  // books writer
};

}  // namespace postern::suppression
