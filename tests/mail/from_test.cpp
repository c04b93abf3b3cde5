#include "postern/mail/from.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> of(const std::string& body) {
  return from_addresses(HeaderBlock::parse("From: " + body + "\r\n").value());
}

std::string mended(const std::string& body) {
  return mended_from(body).value_or("as it is");
}

TEST(FromAddresses, are_all_that_have_a_domain) {
  EXPECT_THAT(of("Joe <joe@Example.COM>"), ElementsAre("joe@Example.COM"));
  EXPECT_THAT(of("a@example.com, B <b@example.org>"), ElementsAre("a@example.com", "b@example.org"));
  EXPECT_THAT(of("Acme, Inc. <a@example.com>"), ElementsAre("a@example.com"));
  EXPECT_THAT(of("Authors: a@example.com, root, b@example.com;"),
              ElementsAre("a@example.com", "b@example.com"));
}

TEST(FromAddresses, are_none_where_nothing_can_be_read) {
  for (const char* body : {"", "root", "\"no address\"", "Undisclosed:;", "\"abc <a@b.example>", "a@b@c"})
    EXPECT_THAT(of(body), IsEmpty()) << body;
  EXPECT_THAT(from_addresses_of("Subject: x\r\n"), IsEmpty());
  EXPECT_THAT(from_addresses_of("no header"), IsEmpty());
}

TEST(MendedFrom, closes_a_quote_before_the_one_address) {
  EXPECT_EQ(mended("\"abc <a@b.example>"), "\"abc\" <a@b.example>");
  EXPECT_EQ(mended(" abc\" <a@b.example> "), "\"abc\" <a@b.example>");
  EXPECT_EQ(mended("\"The \"best\" shop <a@b.example>"), "\"The best shop\" <a@b.example>");
  EXPECT_EQ(mended("\"back\\ <a@b.example>"), "\"back\" <a@b.example>");
  EXPECT_EQ(mended("\"folded\r\n name <a@b.example>"), "\"folded name\" <a@b.example>");
  EXPECT_EQ(mended("\"<a@b.example>"), "<a@b.example>");
  EXPECT_EQ(mended("\"root <root>"), "\"root\" <root>") << "the default domain comes later";
}

TEST(MendedFrom, quotes_what_a_name_may_not_hold) {
  EXPECT_EQ(mended("Mail From:<a@b.example>"), "\"Mail From:\" <a@b.example>");
  EXPECT_EQ(mended("Joe (sales <a@b.example>"), "\"Joe (sales\" <a@b.example>");
}

TEST(MendedFrom, leaves_encoded_words_outside_of_quotes) {
  EXPECT_EQ(mended("\"=?utf-8?q?K=C3=B6ln?= <a@b.example>"), "=?utf-8?q?K=C3=B6ln?= <a@b.example>");
}

TEST(MendedFrom, touches_nothing_that_can_be_read_or_only_be_guessed) {
  for (const char* body :
       {"\"abc\" <a@b.example>", "a@b.example", "abc <a@b.example>", "", "\"abc", "\"abc <a@b.example> x",
        "\"abc <a@b.example>, \"d <d@b.example>", "\"b <b@b.example>\" a@b.example", "\"abc <no address>",
        "\"abc >a@b.example<", "\"abc <a@b.example", "abc\" a@b.example>"})
    EXPECT_EQ(mended(body), "as it is") << body;
}

}  // namespace
}  // namespace postern::mail
