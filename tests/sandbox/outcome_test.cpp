#include "sandbox/outcome.hpp"

#include <gtest/gtest.h>

namespace postern::sandbox {
namespace {

const Suppressed bounced{"gone@example.net", Reason::bounce, {}, nullptr};

Outcome of(std::string_view recipient, const Suppressed* entry = nullptr, Reasons reasons = {}) {
  return outcome_of(recipient, entry, reasons, {{"*@gone.test"}, {"angry?@example.net"}});
}

}  // namespace

TEST(Outcome, of_an_address_that_nothing_is_known_of) {
  const auto outcome = of("b@example.net");
  EXPECT_EQ(outcome.address, "b@example.net");
  EXPECT_EQ(outcome.result, "delivered");
  EXPECT_EQ(outcome.bounce_type, "");
  EXPECT_FALSE(outcome.enters);
}

TEST(Outcome, entry_counts_only_for_a_reason_that_counts) {
  EXPECT_EQ(of("gone@example.net", &bounced).result, "suppressed");
  EXPECT_EQ(of("gone@example.net", &bounced).reason, Reason::bounce);
  EXPECT_EQ(of("gone@example.net", &bounced, {false, true}).result, "delivered");
  EXPECT_EQ(of("gone@example.net", &bounced, {true, false}).result, "suppressed");
}

TEST(Outcome, patterns_bounce_and_complain) {
  for (const auto* address : {"x@gone.test", "X@GONE.TEST", "x@bounce.example"}) {
    EXPECT_EQ(of(address).result, "bounced") << address;
    EXPECT_EQ(of(address).bounce_type, "Permanent");
    EXPECT_EQ(of(address).diagnostic_code, "smtp; 550 5.1.1 user unknown");
    EXPECT_EQ(of(address).enters, Reason::bounce);
  }
  for (const auto* address : {"angry1@example.net", "x@complaint.example"}) {
    EXPECT_EQ(of(address).result, "complained") << address;
    EXPECT_EQ(of(address).complaint_feedback_type, "abuse");
    EXPECT_EQ(of(address).enters, Reason::complaint);
  }
}

TEST(Outcome, nothing_enters_the_list_for_a_reason_that_does_not_count) {
  EXPECT_EQ(of("x@gone.test", nullptr, {false, true}).result, "bounced");
  EXPECT_FALSE(of("x@gone.test", nullptr, {false, true}).enters);
  EXPECT_FALSE(of("x@complaint.example", nullptr, {true, false}).enters);
}

TEST(Outcome, simulator_goes_before_the_list_and_the_patterns) {
  const Misfortunes all{{"*"}, {"*"}};
  const auto simulated = [&all](std::string_view recipient) {
    return outcome_of(recipient, &bounced, {}, all);
  };
  EXPECT_EQ(simulated("success@simulator.amazonses.com").result, "delivered");
  EXPECT_EQ(simulated("bounce+label@Simulator.AmazonSES.com").bounce_subtype, "General");
  EXPECT_EQ(simulated("complaint@simulator.amazonses.com").complaint_feedback_type, "abuse");
  EXPECT_EQ(simulated("suppressionlist@simulator.amazonses.com").bounce_subtype, "Suppressed");
  EXPECT_FALSE(simulated("suppressionlist@simulator.amazonses.com").reason) << "it is another list";
  EXPECT_EQ(simulated("ooto@simulator.amazonses.com").result, "delivered");
  EXPECT_EQ(simulated("ooto@simulator.amazonses.com").bounce_type, "Transient");
  EXPECT_FALSE(simulated("bounce@simulator.amazonses.com").enters);
  EXPECT_TRUE(is_simulated("x@simulator.amazonses.com"));
  EXPECT_FALSE(is_simulated("bounce@sub.simulator.amazonses.com"));
}

}  // namespace postern::sandbox
