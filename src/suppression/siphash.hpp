// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash of short texts that nobody can aim at who does not have
// its key. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace postern::suppression {

struct HashKey {
  std::uint64_t first = 0, second = 0;
};

std::uint64_t siphash(HashKey key, std::string_view text);

}  // namespace postern::suppression
