#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postern/mail/address.hpp"

namespace postern::mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Addresses of a body that must be readable; "unreadable" otherwise.
std::vector<std::string> addresses(std::string_view body) {
  const auto list = parse_address_list(body);
  if (list.has_error()) return {"unreadable"};
  std::vector<std::string> out;
  for (const auto& found : *list) out.push_back(found.address);
  return out;
}

std::string ranges_replaced(std::string body, const std::string& with) {
  const auto list = parse_address_list(body).value();
  for (auto it = list.rbegin(); it != list.rend(); ++it) body.replace(it->begin, it->end - it->begin, with);
  return body;
}

TEST(AddressList, reads_bare_and_bracketed_addresses) {
  EXPECT_THAT(addresses(" a@example.com"), ElementsAre("a@example.com"));
  EXPECT_THAT(addresses("Alice Bee <a@example.com>, b@example.com,<c@example.com>"),
              ElementsAre("a@example.com", "b@example.com", "c@example.com"));
}

TEST(AddressList, reads_a_local_part_without_domain) {
  EXPECT_THAT(addresses(" root"), ElementsAre("root"));
  EXPECT_THAT(addresses("root (Cron Daemon)"), ElementsAre("root"));
  EXPECT_THAT(addresses("Cron Daemon <root>"), ElementsAre("root"));
}

TEST(AddressList, understands_quoted_names_with_specials) {
  EXPECT_THAT(addresses(R"("Bee, A. <x@y.example>" <a@example.com>)"), ElementsAre("a@example.com"));
  EXPECT_THAT(addresses(R"("a \" b" <a@example.com>)"), ElementsAre("a@example.com"));
  EXPECT_THAT(addresses(R"("j doe"@example.com)"), ElementsAre("\"j doe\"@example.com"));
}

TEST(AddressList, understands_comments_where_cfws_may_stand) {
  EXPECT_THAT(addresses("a@example.com (Alice (the first), \\) <x@y>)"), ElementsAre("a@example.com"));
  EXPECT_THAT(addresses("(c) Alice (d) < (e) a@example.com (f) > (g)"), ElementsAre("a@example.com"));
  EXPECT_THAT(addresses("(nothing else)"), IsEmpty());
}

TEST(AddressList, understands_obsolete_forms) {
  EXPECT_THAT(addresses("john . doe (x) @ example . com"), ElementsAre("john.doe@example.com"));
  EXPECT_THAT(addresses("A. B. Cee <a@example.com>"), ElementsAre("a@example.com"));
  EXPECT_THAT(addresses("a@example.com, , b@example.com,"), ElementsAre("a@example.com", "b@example.com"));
  EXPECT_THAT(addresses("X <@hop1.example,@hop2.example:a@example.com>"), ElementsAre("a@example.com"));
}

TEST(AddressList, understands_groups) {
  EXPECT_THAT(addresses("undisclosed-recipients:;"), IsEmpty());
  EXPECT_THAT(addresses("Team: a@example.com, Bee <b@example.com>;, c@example.com"),
              ElementsAre("a@example.com", "b@example.com", "c@example.com"));
  EXPECT_THAT(addresses("\"The Team\" (x) : a@example.com;"), ElementsAre("a@example.com"));
}

TEST(AddressList, reads_folded_bodies) {
  EXPECT_THAT(addresses(" Alice\r\n Bee\r\n\t<a@example.com>,\r\n b@example.com"),
              ElementsAre("a@example.com", "b@example.com"));
}

TEST(AddressList, takes_encoded_words_whole) {
  EXPECT_THAT(addresses("=?UTF-8?Q?J=C3=B6rg?= =?utf-8?b?w6Q=?= <j@example.com>"),
              ElementsAre("j@example.com"));
  EXPECT_THAT(addresses("=?utf-8?Q?Foo,_Inc.?= <j@example.com>, k@example.com"),
              ElementsAre("j@example.com", "k@example.com"));
}

TEST(AddressList, takes_display_names_that_programs_send_unquoted) {
  EXPECT_THAT(addresses("bob@example.com <bob@example.com>"), ElementsAre("bob@example.com"));
  EXPECT_THAT(addresses("[Tracker] #42 <t@example.com>"), ElementsAre("t@example.com"));
  EXPECT_THAT(addresses("J\xF6rg <j@example.com>"), ElementsAre("j@example.com"));
  EXPECT_THAT(addresses("\"\xC3\xA9\" <j@example.com>"), ElementsAre("j@example.com"));
}

TEST(AddressList, reads_address_literals) {
  EXPECT_THAT(addresses("a@[192.0.2.1], b@[IPv6:::1]"), ElementsAre("a@[192.0.2.1]", "b@[IPv6:::1]"));
}

TEST(AddressList, refuses_what_are_no_addresses) {
  for (const char* bad : {"two words",
                          "a@",
                          "@b",
                          "<>",
                          "<a@b",
                          "a@b>",
                          "a@b c@d",
                          "<a@b> c",
                          "\"open <a@b>",
                          "(open",
                          "a@b (open",
                          "a@b; c@d",
                          "g: a@b",
                          "g: h: a@b;;",
                          ":a@b;",
                          "a..b@c",
                          ".a@b",
                          "a@b.",
                          "a@[1",
                          "\xC3\xA9@example.com",
                          "a@\xC3\xA9.example",
                          "<a@b> <c@d>",
                          "a@b@c",
                          "x\\y <a@b>",
                          "<@route a@b>",
                          "\"a",
                          "\"a\\",
                          "(\\",
                          "a@b \x01"}) {
    EXPECT_THAT(addresses(bad), ElementsAre("unreadable")) << bad;
  }
}

TEST(AddressList, of_nothing_is_empty) {
  EXPECT_THAT(addresses(""), IsEmpty());
  EXPECT_THAT(addresses(" \r\n "), IsEmpty());
}

TEST(AddressList, ranges_cover_exactly_what_is_to_be_replaced) {
  EXPECT_EQ(ranges_replaced(" Alice <a@b.example> (x), c@d.example (y)", "N"), " Alice <N> (x), N (y)");
  EXPECT_EQ(ranges_replaced("john . doe (x) @ b . c (y)", "N"), "N (y)");
  EXPECT_EQ(ranges_replaced("< (e) a@b (f) >", "N"), "< (e) N (f) >");
  EXPECT_EQ(ranges_replaced("<@r1,@r2:a@b>", "N"), "<N>");
  EXPECT_EQ(ranges_replaced("T: root, a@[1.2.3.4];", "N"), "T: N, N;");
}

TEST(AddressList, hostile_input_takes_linear_time) {
  const std::string parens(200000, '(');
  EXPECT_THAT(addresses(parens), ElementsAre("unreadable"));
  std::string marks;
  for (int i = 0; i < 100000; ++i) marks += "=?";
  EXPECT_THAT(addresses(marks), ElementsAre("unreadable"));
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "a b c (d) <a@b>,";
  EXPECT_EQ(addresses(many).size(), 20000U);
}

}  // namespace
}  // namespace postern::mail
