#include "suppression/prefilter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::suppression {
namespace {

std::string name(int number) {
  return "user" + std::to_string(number) + "@example.com";
}

TEST(Prefilter, excludes_nothing_before_one_serves) {
  Prefilter filter({1, 2});
  EXPECT_TRUE(filter.due(0));
  EXPECT_FALSE(filter.excludes("a@example.com"));
  filter.add("a@example.com");
  const auto growing = filter.begin(10);
  EXPECT_FALSE(filter.due(0));
  EXPECT_FALSE(filter.excludes("b@example.com"));
  filter.give_up();
  EXPECT_TRUE(filter.due(0));
  EXPECT_FALSE(filter.excludes("b@example.com"));
}

TEST(Prefilter, what_is_read_and_what_is_written_meanwhile_are_both_in_it) {
  Prefilter filter({1, 2});
  const auto growing = filter.begin(10);
  growing->add(filter.hash("read@example.com"));
  filter.add("written@example.com");
  EXPECT_EQ(filter.serve(), nullptr);
  filter.add("later@example.com");
  EXPECT_FALSE(filter.excludes("read@example.com"));
  EXPECT_FALSE(filter.excludes("written@example.com"));
  EXPECT_FALSE(filter.excludes("later@example.com"));
  EXPECT_TRUE(filter.excludes("other@example.com"));
}

TEST(Prefilter, while_the_next_one_grows_the_one_before_serves_and_gets_what_is_written) {
  Prefilter filter({1, 2});
  filter.begin(10);
  filter.add("old@example.com");
  filter.serve();
  const auto before = filter.begin(10);
  filter.add("new@example.com");
  EXPECT_FALSE(filter.excludes("old@example.com"));
  EXPECT_FALSE(filter.excludes("new@example.com"));
  EXPECT_TRUE(filter.excludes("other@example.com"));
  EXPECT_NE(filter.serve(), nullptr);
  EXPECT_TRUE(filter.excludes("old@example.com"));  // was not added again: it had been removed
  EXPECT_FALSE(filter.excludes("new@example.com"));
}

TEST(Prefilter, one_that_is_given_up_leaves_the_one_before_in_place) {
  Prefilter filter({1, 2});
  filter.begin(10);
  filter.add("a@example.com");
  filter.serve();
  filter.begin(10);
  filter.give_up();
  filter.add("b@example.com");
  EXPECT_FALSE(filter.excludes("a@example.com"));
  EXPECT_FALSE(filter.excludes("b@example.com"));
  EXPECT_TRUE(filter.excludes("c@example.com"));
}

TEST(Prefilter, a_crowded_one_and_one_that_is_far_too_large_are_due) {
  Prefilter filter({1, 2});
  filter.begin(10'000);
  filter.serve();
  EXPECT_FALSE(filter.due(10'000));
  EXPECT_FALSE(filter.due(5'000));
  EXPECT_TRUE(filter.due(4'999));
  EXPECT_TRUE(filter.due(0));
  for (int i = 0; i < 13'000; ++i) filter.add(name(i));
  EXPECT_TRUE(filter.due(13'000));
  filter.begin(0);
  filter.serve();
  EXPECT_FALSE(filter.due(0));
}

// Who finds addresses that one process keeps by mistake has found nothing for the next.
TEST(Prefilter, wrong_answers_depend_on_the_key_of_the_hash) {
  Prefilter one({1, 2}), other({3, 4});
  for (auto* filter : {&one, &other}) {
    filter->begin(0);
    for (int i = 0; i < 2'000; ++i) filter->add(name(i));
    filter->serve();
  }
  int wrong = 0, both = 0;
  for (int i = 10'000; i < 40'000; ++i) {
    if (one.excludes(name(i))) continue;
    ++wrong;
    both += other.excludes(name(i)) ? 0 : 1;
  }
  EXPECT_GT(wrong, 1'000);
  EXPECT_LT(both, wrong / 4);
}

}  // namespace
}  // namespace postern::suppression
