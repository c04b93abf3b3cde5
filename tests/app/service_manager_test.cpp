#include "app/service_manager.hpp"

#include <gtest/gtest.h>

namespace postern::app {
namespace {

using namespace std::chrono_literals;

TEST(ServiceManager, the_watchdog_is_fed_twice_in_its_time) {
  EXPECT_EQ(watchdog_interval("30000000", "4711", 4711), 15s);
  EXPECT_EQ(watchdog_interval("3000000", nullptr, 4711), 1500ms);
}

TEST(ServiceManager, a_watchdog_that_is_not_asked_for_is_none) {
  EXPECT_EQ(watchdog_interval(nullptr, nullptr, 4711), 0s);
  EXPECT_EQ(watchdog_interval("30000000", "1", 4711), 0s);
  EXPECT_EQ(watchdog_interval("nonsense", nullptr, 4711), 0s);
}

}  // namespace
}  // namespace postern::app
