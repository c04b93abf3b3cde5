#include "postern/app/state_lock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

namespace postern::app {
namespace {

TEST(StateLock, one_at_a_time_and_the_second_is_told_who_has_it) {
  support::TempDir directory;
  const auto first = StateLock::take(directory.path());
  ASSERT_TRUE(first.has_value());
  const auto second = StateLock::take(directory.path());
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, base::Errc::busy);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos);
  EXPECT_NE(second.error().message.find(directory.path()), std::string::npos);
}

TEST(StateLock, is_let_go_with_the_object_also_when_that_was_moved) {
  support::TempDir directory;
  {
    auto taken = StateLock::take(directory.path());
    const StateLock moved = std::move(taken.value());
    EXPECT_TRUE(StateLock::take(directory.path()).has_error());
  }
  EXPECT_TRUE(StateLock::take(directory.path()).has_value());
}

TEST(StateLock, a_directory_that_is_not_there_is_not_made) {
  const auto lock = StateLock::take("/nonexistent/state");
  ASSERT_TRUE(lock.has_error());
  EXPECT_EQ(lock.error().code, base::Errc::not_found);
}

}  // namespace
}  // namespace postern::app
