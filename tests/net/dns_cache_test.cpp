#include "net/dns_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

DnsAnswerPtr text(std::string value) {
  DnsAnswer answer;
  answer.texts = {std::move(value)};
  return std::make_shared<const DnsAnswer>(std::move(answer));
}

class DnsCacheTest : public testing::Test {
 protected:
  void put(const std::string& key, DnsCache::Outcome outcome, base::Duration keep = minutes(1)) {
    cache.put(key, std::move(outcome), clock.steady_now(), keep);
  }
  std::string get(const std::string& key) {
    const auto* found = cache.find(key, clock.steady_now());
    if (found == nullptr) return "nothing";
    return *found ? (**found)->texts.at(0) : (*found).error().message;
  }

  support::ManualClock clock;
  DnsCacheOptions options{3, 4000};
  DnsCache cache{options};
};

TEST_F(DnsCacheTest, gives_back_what_was_put_until_its_time_is_over) {
  EXPECT_EQ(get("a"), "nothing");
  put("a", text("one"), seconds(10));
  clock.set(milliseconds(9999));
  EXPECT_EQ(get("a"), "one");
  clock.set(milliseconds(1));
  EXPECT_EQ(get("a"), "nothing");
  EXPECT_EQ(cache.entries(), 0U) << "what is over takes no room";
  EXPECT_EQ(cache.octets(), 0U);
}

TEST_F(DnsCacheTest, keeps_errors) {
  put("a", base::fail(Errc::timeout, "late"), seconds(5));
  EXPECT_EQ(get("a"), "late");
  clock.set(seconds(5));
  EXPECT_EQ(get("a"), "nothing");
}

TEST_F(DnsCacheTest, the_newer_replaces_the_older) {
  put("a", text("one"), seconds(10));
  put("a", text("two"), seconds(20));
  EXPECT_EQ(cache.entries(), 1U);
  clock.set(seconds(10));
  EXPECT_EQ(get("a"), "two");
}

TEST_F(DnsCacheTest, what_was_used_longest_ago_goes_first) {
  put("a", text("a"));
  put("b", text("b"));
  put("c", text("c"));
  EXPECT_EQ(get("a"), "a");
  put("d", text("d"));
  EXPECT_EQ(cache.entries(), 3U);
  EXPECT_EQ(get("b"), "nothing");
  EXPECT_EQ(get("a"), "a");
  EXPECT_EQ(get("c"), "c");
  EXPECT_EQ(get("d"), "d");
}

TEST_F(DnsCacheTest, is_bounded_in_octets_too) {
  put("a", text(std::string(1500, 'a')));
  put("b", text(std::string(1500, 'b')));
  EXPECT_EQ(cache.entries(), 2U);
  put("c", text(std::string(1500, 'c')));
  EXPECT_LE(cache.octets(), 4000U);
  EXPECT_EQ(get("a"), "nothing");
  EXPECT_EQ(get("c"), std::string(1500, 'c'));
}

TEST_F(DnsCacheTest, what_is_larger_than_all_its_room_is_not_kept_and_drives_nothing_out) {
  put("a", text("a"));
  put("b", text(std::string(5000, 'b')));
  EXPECT_EQ(get("a"), "a");
  EXPECT_EQ(get("b"), "nothing");
}

TEST_F(DnsCacheTest, without_entries_nothing_is_kept) {
  cache = DnsCache(DnsCacheOptions{0});
  put("a", text("a"));
  EXPECT_EQ(get("a"), "nothing");
}

TEST_F(DnsCacheTest, holds_ten_thousand_without_growing) {
  cache = DnsCache(DnsCacheOptions{});
  for (int i = 0; i < 30000; ++i) put("name" + std::to_string(i), text("t"));
  EXPECT_EQ(cache.entries(), 10000U);
  EXPECT_EQ(get("name29999"), "t");
  EXPECT_EQ(get("name20000"), "t");
  EXPECT_EQ(get("name19999"), "nothing");
}

TEST(DnsCacheTime, is_the_ttl_within_bounds) {
  const DnsCacheOptions options;
  EXPECT_EQ(time_to_keep(options, seconds(300)), seconds(300));
  EXPECT_EQ(time_to_keep(options, seconds(0)), seconds(5));
  EXPECT_EQ(time_to_keep(options, hours(24 * 365 * 60)), hours(1));
  EXPECT_EQ(time_to_keep(options, std::nullopt), minutes(1));
}

}  // namespace
}  // namespace postern::net
