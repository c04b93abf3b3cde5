// Randomness comes in through here: ids and jitter. Seeded in tests. Thread-safe.
// Not for keys or passwords: those come from OpenSSL.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "postern/base/clock.hpp"

namespace postern::base {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

class SystemRandom final : public Random {
 public:
  SystemRandom();
  std::uint64_t next() override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// A queue id: 16 characters of [0-9A-Z], the first nine the milliseconds of `now`, so that ids sort by time.
std::string make_id(WallTime now, Random& random);

}  // namespace postern::base
