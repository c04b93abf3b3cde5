#include "postern/suppression/counting.hpp"

#include <gtest/gtest.h>

namespace postern::suppression {
namespace {

using std::chrono::hours;

const base::WallTime now{hours(1'000'000)};

std::string_view judged(std::string reason, base::Duration age, std::vector<std::string> reasons,
                        base::Duration max_age) {
  const Entry entry{"a@example.com", std::move(reason), "test", now - age};
  return not_counted_by(entry, reasons, max_age, now);
}

TEST(Counting, what_ses_lists_counts_by_its_reason_in_any_case) {
  EXPECT_EQ(judged("BOUNCE", hours(1), {"bounce"}, hours(0)), "");
  EXPECT_EQ(judged("Complaint", hours(1), {"BOUNCE"}, hours(0)), "suppression.reasons");
  EXPECT_EQ(judged("COMPLAINT", hours(1), {}, hours(0)), "suppression.reasons");
}

TEST(Counting, what_ses_lists_counts_until_it_is_older_than_max_age) {
  EXPECT_EQ(judged("BOUNCE", hours(24), {"BOUNCE"}, hours(24)), "");
  EXPECT_EQ(judged("BOUNCE", hours(24) + base::Duration(1), {"BOUNCE"}, hours(24)), "suppression.max_age");
}

TEST(Counting, what_a_person_listed_counts_always) {
  EXPECT_EQ(judged("MANUAL", hours(9999), {"BOUNCE"}, hours(24)), "");
}

}  // namespace
}  // namespace postern::suppression
