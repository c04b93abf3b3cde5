#include <gtest/gtest.h>

#include "postern/policy/dmarc.hpp"

namespace postern::policy {
namespace {

TEST(AuthorDomain, is_the_one_domain_of_from) {
  EXPECT_EQ(author_domain("Joe <joe@Example.COM>"), "example.com");
  EXPECT_EQ(author_domain("a@example.com, B <b@example.com>"), "example.com");
  EXPECT_EQ(author_domain("Acme, Inc. <a@example.com>"), "example.com");
  EXPECT_EQ(author_domain("a@example.com, b@example.org"), "");
  EXPECT_EQ(author_domain("\"no address\""), "");
  EXPECT_EQ(author_domain("root"), "");
  EXPECT_EQ(author_domain(""), "");
}

TEST(AuthorDomain, of_what_is_no_list_is_the_one_in_brackets) {
  EXPECT_EQ(author_domain("Mail From:<a@Example.com>"), "example.com");
  EXPECT_EQ(author_domain("Mail From:<a@example.com> <b@example.org>"), "");
  EXPECT_EQ(author_domain("\"b <b@example.org>\" a@example.com"), "");
  EXPECT_EQ(author_domain("Mail From:<example.com>"), "");
  EXPECT_EQ(author_domain("Mail From:>a@example.com<"), "");
}

}  // namespace
}  // namespace postern::policy
