#include "postern/base/books_writer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace postern::base {
namespace {

TEST(BooksWriter, runs_work_in_the_order_it_was_posted_and_all_of_it_before_it_ends) {
  std::vector<int> ran;
  {
    BooksWriter writer;
    for (int i = 0; i < 100; ++i) writer.post([&ran, i] { ran.push_back(i); });
  }
  ASSERT_EQ(ran.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST(BooksWriter, runs_on_one_thread_of_its_own) {
  BooksWriter writer;
  std::atomic<bool> elsewhere{true};
  std::thread::id first;
  writer.post([&] { first = std::this_thread::get_id(); });
  for (int i = 0; i < 10; ++i) {
    writer.post([&] {
      if (std::this_thread::get_id() != first) elsewhere = false;
    });
  }
  writer.join();
  EXPECT_TRUE(elsewhere);
  EXPECT_NE(first, std::this_thread::get_id());
}

TEST(BooksWriter, lets_others_in_between_the_slices_of_long_work) {
  std::vector<std::string> ran;
  BooksWriter writer;
  std::function<void(int)> slice = [&](int left) {
    ran.push_back("slice");
    if (left == 2) writer.post([&] { ran.push_back("other"); });
    if (left > 1) writer.post([&slice, left] { slice(left - 1); });
  };
  writer.post([&] { slice(3); });
  writer.join();
  // "other" was posted after the second slice began and before the third was posted.
  EXPECT_EQ(ran, (std::vector<std::string>{"slice", "slice", "other", "slice"}));
}

TEST(BooksWriter, slices_that_are_posted_while_it_ends_still_run) {
  int left = 5;
  BooksWriter writer;
  std::function<void()> slice = [&] {
    if (--left > 0) writer.post(slice);
  };
  writer.post(slice);
  writer.join();
  EXPECT_EQ(left, 0);
}

TEST(BooksWriter, after_join_work_runs_on_the_caller_slices_included) {
  BooksWriter writer;
  writer.join();
  int left = 3;
  std::function<void()> slice = [&] {
    if (--left > 0) writer.post(slice);
  };
  writer.post(slice);
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace postern::base
