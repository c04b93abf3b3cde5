#include "cli/duration.hpp"

#include <gtest/gtest.h>

namespace postern::cli {
namespace {

const base::WallTime now = base::from_rfc3339("2026-11-24T10:00:00Z").value();

TEST(ParseSince, counts_back_from_now) {
  EXPECT_EQ(base::to_rfc3339(parse_since("90s", now).value()), "2026-11-24T09:58:30.000Z");
  EXPECT_EQ(base::to_rfc3339(parse_since("30m", now).value()), "2026-11-24T09:30:00.000Z");
  EXPECT_EQ(base::to_rfc3339(parse_since("24h", now).value()), "2026-11-23T10:00:00.000Z");
  EXPECT_EQ(base::to_rfc3339(parse_since("7d", now).value()), "2026-11-17T10:00:00.000Z");
}

TEST(ParseSince, takes_a_time_or_a_date_as_it_stands) {
  EXPECT_EQ(base::to_rfc3339(parse_since("2026-09-20", now).value()), "2026-09-20T00:00:00.000Z");
  EXPECT_EQ(base::to_rfc3339(parse_since("2026-09-20T10:15:30Z", now).value()), "2026-09-20T10:15:30.000Z");
}

TEST(ParseSince, longer_than_there_is_means_from_the_beginning) {
  EXPECT_EQ(parse_since("9223372036854775807d", now).value(), base::WallTime{});
}

TEST(ParseSince, refuses_what_is_neither) {
  for (const std::string text : {"", "24", "h", "-1h", "24 h", "1w", "99999999999999999999h", "yesterday"})
    EXPECT_EQ(parse_since(text, now).error().code, base::Errc::invalid) << text;
}

}  // namespace
}  // namespace postern::cli
