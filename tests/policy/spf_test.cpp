#include "postern/policy/spf.hpp"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TEST(Spf, results_have_the_names_of_the_rfc) {
  std::string all;
  for (int i = 0; i <= static_cast<int>(SpfResult::permerror); ++i)
    all += std::string(to_string(static_cast<SpfResult>(i))) + " ";
  EXPECT_EQ(all, "none neutral pass fail softfail temperror permerror ");
}

}  // namespace
}  // namespace postern::policy
