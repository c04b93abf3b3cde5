#include "postern/base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace postern::base {
namespace {

WallTime at(std::string_view text) {
  return from_rfc3339(text).value();
}

TEST(Id, is_sixteen_capitals_and_digits) {
  SystemRandom random;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = make_id(at("2026-11-24T10:00:00Z"), random);
    ASSERT_EQ(id.size(), 16U);
    ASSERT_TRUE(std::all_of(id.begin(), id.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
    })) << id;
  }
}

TEST(Id, sorts_by_time_to_the_millisecond) {
  SeededRandom random(1);
  std::string before;
  for (const char* time : {"1970-01-01T00:00:00Z", "2026-11-24T10:00:00.000Z", "2026-11-24T10:00:00.001Z",
                           "2026-11-24T10:00:01Z", "2027-01-01T00:00:00Z", "2999-01-01T00:00:00Z"}) {
    const std::string id = make_id(at(time), random);
    EXPECT_LT(before, id) << time;
    before = id;
  }
}

TEST(Id, sorts_before_those_of_the_next_millisecond) {
  SystemRandom random;
  const WallTime now = at("2026-11-24T10:00:00.123Z");
  for (int i = 0; i < 1000; ++i)
    ASSERT_LT(make_id(now, random), make_id(now + std::chrono::milliseconds(1), random));
}

TEST(Id, of_a_time_before_the_epoch_sorts_first) {
  SystemRandom random;
  EXPECT_EQ(make_id(at("1960-01-01"), random).substr(0, 9), std::string(9, '0'));
}

TEST(Id, differs_within_one_millisecond) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 3000; ++i) seen.insert(make_id(at("2026-11-24"), random));
  EXPECT_EQ(seen.size(), 3000U);
}

TEST(Random, with_the_same_seed_repeats_itself) {
  SeededRandom a(42), b(42), c(43);
  const auto first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

}  // namespace
}  // namespace postern::base
