#include "postern/base/random.hpp"

#include <algorithm>

namespace postern::base {

namespace {

constexpr char alphabet[] =
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's base 32: sorts as its values do
constexpr std::size_t time_digits = 9;   // 45 bits of milliseconds: until the year 3084
constexpr std::size_t random_digits = 7;

void put(std::string& out, std::uint64_t value, std::size_t count) {
  for (std::size_t i = count; i-- > 0;) out += alphabet[(value >> (5 * i)) & 31];
}

}  // namespace

SystemRandom::SystemRandom() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device()};
  engine_.seed(seed);
}

std::uint64_t SystemRandom::next() {
  const std::lock_guard lock(mutex_);
  return engine_();
}

std::string make_id(WallTime now, Random& random) {
  std::string id;
  put(id, static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.time_since_epoch().count())), time_digits);
  put(id, random.next(), random_digits);
  return id;
}

}  // namespace postern::base
