#include "suppression/siphash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::suppression {
namespace {

// The key of the paper's appendix and of the reference vectors: the bytes 00 to 0f.
constexpr HashKey paper_key{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

std::string counting(std::size_t length) {
  std::string text;
  while (text.size() < length) text += static_cast<char>(text.size());
  return text;
}

TEST(SipHash, gives_the_example_of_the_paper) {
  EXPECT_EQ(siphash(paper_key, counting(15)), 0xa129ca6149be45e5u);
}

TEST(SipHash, gives_the_reference_vectors_for_every_length_of_the_last_word) {
  const std::uint64_t expected[] = {0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au,
                                    0x85676696d7fb7e2du, 0xcf2794e0277187b7u, 0x18765564cd99a68du,
                                    0xcbc9466e58fee3ceu, 0xab0200f58b01d137u, 0x93f5f5799a932462u};
  for (std::size_t length = 0; length < std::size(expected); ++length)
    EXPECT_EQ(siphash(paper_key, counting(length)), expected[length]) << length;
}

TEST(SipHash, bytes_above_127_and_zero_bytes_count) {
  EXPECT_NE(siphash(paper_key, std::string("a\0", 2)), siphash(paper_key, "a"));
  EXPECT_NE(siphash(paper_key, "\xff"), siphash(paper_key, "\x7f"));
}

TEST(SipHash, another_key_gives_another_hash) {
  EXPECT_NE(siphash({1, 2}, "a@example.com"), siphash({1, 3}, "a@example.com"));
  EXPECT_NE(siphash({1, 2}, "a@example.com"), siphash({2, 2}, "a@example.com"));
}

}  // namespace
}  // namespace postern::suppression
