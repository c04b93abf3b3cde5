#include "suppression/bloom_filter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "suppression/siphash.hpp"

namespace postern::suppression {
namespace {

constexpr HashKey key{0x243f6a8885a308d3u, 0x13198a2e03707344u};
constexpr std::uint64_t million = 1'000'000;

std::uint64_t hash_of(std::uint64_t number) {
  return siphash(key, "user" + std::to_string(number) + "@example.com");
}

double wrong_answers(const BloomFilter& filter, std::uint64_t from, std::uint64_t count) {
  std::uint64_t wrong = 0;
  for (std::uint64_t i = from; i < from + count; ++i) wrong += filter.may_have(hash_of(i)) ? 1u : 0u;
  return static_cast<double>(wrong) / static_cast<double>(count);
}

TEST(BloomFilter, no_key_of_a_million_is_denied_and_of_others_less_than_one_in_a_hundred_is_kept) {
  BloomFilter filter(million);
  for (std::uint64_t i = 0; i < million; ++i) filter.add(hash_of(i));
  for (std::uint64_t i = 0; i < million; ++i) ASSERT_TRUE(filter.may_have(hash_of(i))) << i;
  const double wrong = wrong_answers(filter, million, million);
  EXPECT_LT(wrong, 0.006);
  EXPECT_GT(wrong, 0.001);  // else it is larger than it says
  EXPECT_FALSE(filter.crowded());
}

TEST(BloomFilter, it_is_crowded_from_a_fifth_more_keys_on_and_answers_one_in_a_hundred_wrongly_then) {
  constexpr std::uint64_t made_for = 100'000, most = made_for * 7 / 6, many = made_for * 5 / 4;
  BloomFilter filter(made_for);
  for (std::uint64_t i = 0; i < most; ++i) filter.add(hash_of(i));
  EXPECT_FALSE(filter.crowded());
  EXPECT_LT(wrong_answers(filter, million, 200'000), 0.013);
  for (std::uint64_t i = most; i < many; ++i) filter.add(hash_of(i));
  EXPECT_TRUE(filter.crowded());
  EXPECT_EQ(wrong_answers(filter, 0, many), 1.0);
}

TEST(BloomFilter, it_takes_one_and_a_half_bytes_a_key) {
  const BloomFilter filter(million);
  EXPECT_LE(filter.bytes(), 1'500'064u);
}

TEST(BloomFilter, one_without_keys_denies_everything) {
  const BloomFilter filter(0);
  EXPECT_EQ(wrong_answers(filter, 0, 1000), 0);
}

TEST(BloomFilter, the_same_key_again_counts_once) {
  BloomFilter filter(0);
  for (int i = 0; i < 100'000; ++i) filter.add(hash_of(7));
  EXPECT_FALSE(filter.crowded());
  EXPECT_EQ(wrong_answers(filter, 100, 1000), 0);
}

TEST(BloomFilter, one_that_got_far_more_keys_than_it_is_for_denies_none_of_them) {
  BloomFilter filter(0);
  for (std::uint64_t i = 0; i < 100'000; ++i) filter.add(hash_of(i));
  EXPECT_EQ(wrong_answers(filter, 0, 100'000), 1.0);
  EXPECT_TRUE(filter.crowded());
}

TEST(BloomFilter, hashes_at_the_ends_of_their_range_are_taken) {
  BloomFilter filter(1000);
  for (const std::uint64_t hash : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    filter.add(hash);
    EXPECT_TRUE(filter.may_have(hash));
  }
}

TEST(BloomFilter, what_several_threads_add_at_the_same_time_is_all_in_it) {
  BloomFilter filter(20'000);
  const auto some = [&filter](std::uint64_t first) {
    for (std::uint64_t i = first; i < 20'000; i += 2) filter.add(hash_of(i));
  };
  std::thread even(some, 0);
  std::thread odd(some, 1);
  std::uint64_t seen = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) seen += filter.may_have(hash_of(i)) ? 1u : 0u;
  even.join();
  odd.join();
  EXPECT_LE(seen, 20'000u);
  EXPECT_EQ(wrong_answers(filter, 0, 20'000), 1.0);
}

}  // namespace
}  // namespace postern::suppression
