#include "sandbox/suppression_list.hpp"

#include <gtest/gtest.h>

#include "sandbox/files.hpp"
#include "sandbox/suppression.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::seconds;

const base::WallTime noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(12);

Suppressed entry(std::string address, Reason reason = Reason::bounce, base::WallTime updated = noon) {
  return {std::move(address), reason, updated, nullptr};
}

std::vector<std::string> addresses(const SuppressionList::Page& page) {
  std::vector<std::string> out;
  for (const auto* one : page.entries) out.push_back(one->address);
  return out;
}

class SuppressionFiles : public testing::Test {
 protected:
  SuppressionFiles() { options_.data = directory_.path(); }
  base::Result<Suppression> open() { return Suppression::open(options_, noon); }
  void preload(const std::string& text) {
    options_.suppressed = directory_.file("preload");
    ASSERT_TRUE(write_file(options_.suppressed, text));
  }

  support::TempDir directory_;
  Options options_;
};

}  // namespace

TEST(SuppressionList, sending_compares_without_case_and_the_api_with_it) {
  SuppressionList list;
  list.put(entry("Gone@example.net"));
  EXPECT_NE(list.match("gONE@EXAMPLE.NET"), nullptr);
  EXPECT_EQ(list.match("gone2@example.net"), nullptr);
  EXPECT_EQ(list.match("gon@example.net"), nullptr);
  EXPECT_NE(list.find("Gone@example.net"), nullptr);
  EXPECT_EQ(list.find("gone@example.net"), nullptr);
  EXPECT_FALSE(list.erase("gone@example.net"));
  EXPECT_TRUE(list.erase("Gone@example.net"));
  EXPECT_EQ(list.size(), 0U);
}

TEST(SuppressionList, spellings_are_entries_of_their_own) {
  SuppressionList list;
  list.put(entry("gone@example.net"));
  list.put(entry("Gone@example.net", Reason::complaint));
  EXPECT_EQ(list.size(), 2U);
  EXPECT_EQ(list.find("Gone@example.net")->reason, Reason::complaint);
  EXPECT_TRUE(list.erase("Gone@example.net"));
  EXPECT_EQ(list.match("GONE@example.net")->reason, Reason::bounce);
}

TEST(SuppressionList, put_replaces_reason_and_time) {
  SuppressionList list;
  list.put(entry("gone@example.net"));
  list.put(entry("gone@example.net", Reason::complaint, noon + seconds(5)));
  EXPECT_EQ(list.size(), 1U);
  EXPECT_EQ(list.find("gone@example.net")->reason, Reason::complaint);
  EXPECT_EQ(list.find("gone@example.net")->updated, noon + seconds(5));
}

TEST(SuppressionList, pages_go_through_all_once_in_spite_of_changes) {
  SuppressionList list;
  for (const auto* address : {"c@x.test", "A@x.test", "b@x.test", "a@x.test", "d@x.test"})
    list.put(entry(address));
  const auto first = list.page({}, "", 2);
  EXPECT_EQ(addresses(first), (std::vector<std::string>{"A@x.test", "a@x.test"}));
  EXPECT_TRUE(first.more);
  list.erase("a@x.test");
  const auto second = list.page({}, "a@x.test", 2);
  EXPECT_EQ(addresses(second), (std::vector<std::string>{"b@x.test", "c@x.test"}));
  EXPECT_TRUE(second.more);
  const auto third = list.page({}, "c@x.test", 2);
  EXPECT_EQ(addresses(third), (std::vector<std::string>{"d@x.test"}));
  EXPECT_FALSE(third.more);
}

TEST(SuppressionList, full_last_page_is_the_last) {
  SuppressionList list;
  list.put(entry("a@x.test"));
  list.put(entry("b@x.test"));
  EXPECT_FALSE(list.page({}, "", 2).more);
}

TEST(SuppressionList, filters_by_reason_and_time) {
  SuppressionList list;
  list.put(entry("a@x.test", Reason::bounce, noon));
  list.put(entry("b@x.test", Reason::complaint, noon + seconds(1)));
  list.put(entry("c@x.test", Reason::bounce, noon + seconds(2)));
  EXPECT_EQ(addresses(list.page({{false, true}, {}, {}}, "", 9)), (std::vector<std::string>{"b@x.test"}));
  EXPECT_EQ(addresses(list.page({{}, noon + seconds(1), {}}, "", 9)),
            (std::vector<std::string>{"b@x.test", "c@x.test"}));
  EXPECT_EQ(addresses(list.page({{}, {}, noon + seconds(1)}, "", 9)),
            (std::vector<std::string>{"a@x.test", "b@x.test"}));
  const auto last_match = list.page({{true, false}, {}, noon + seconds(1)}, "", 1);
  EXPECT_EQ(addresses(last_match), (std::vector<std::string>{"a@x.test"}));
  EXPECT_FALSE(last_match.more) << "nothing behind it passes";
}

TEST(SuppressionList, generated_entries_are_the_same_every_time) {
  SuppressionList one, other;
  one.generate(1000);
  other.generate(1000);
  EXPECT_EQ(one.size(), 1000U);
  EXPECT_EQ(addresses(one.page({}, "", 1000)), addresses(other.page({}, "", 1000)));
  EXPECT_EQ(one.page({{false, true}, {}, {}}, "", 1000).entries.size(), 100U);
  EXPECT_NE(one.find("suppressed-00000999@example.net"), nullptr);
}

TEST(StoredForm, keeps_the_case_of_the_local_part_only) {
  EXPECT_EQ(stored_form("  O'Brien+Tag@EXAMPLE.Net\r\n"), "O'Brien+Tag@example.net");
  EXPECT_EQ(stored_form(" "), "");
  EXPECT_EQ(stored_form("NoDomain"), "NoDomain");
}

TEST_F(SuppressionFiles, changes_outlive_the_program) {
  {
    auto suppression = open().value();
    auto bounced = entry("gone@example.net");
    bounced.cause = std::make_shared<SuppressionCause>(SuppressionCause{"m-1", "f-1"});
    ASSERT_TRUE(suppression.put(bounced));
    ASSERT_TRUE(suppression.put(entry("back@example.net", Reason::complaint, noon + base::Duration(250))));
    ASSERT_TRUE(suppression.put(entry("removed@example.net")));
    EXPECT_TRUE(suppression.erase("removed@example.net").value());
    EXPECT_FALSE(suppression.erase("removed@example.net").value());
  }
  const auto again = open().value();
  EXPECT_EQ(again.list().size(), 2U);
  const auto* gone = again.list().find("gone@example.net");
  ASSERT_NE(gone, nullptr);
  ASSERT_TRUE(gone->cause);
  EXPECT_EQ(gone->cause->message_id, "m-1");
  EXPECT_EQ(gone->cause->feedback_id, "f-1");
  const auto* back = again.list().find("back@example.net");
  ASSERT_NE(back, nullptr);
  EXPECT_EQ(back->reason, Reason::complaint);
  EXPECT_EQ(back->updated, noon + base::Duration(250));
  EXPECT_FALSE(back->cause);
}

TEST_F(SuppressionFiles, removal_of_a_preloaded_entry_outlives_the_program) {
  options_.suppressed_count = 3;
  preload("{\"EmailAddress\":\"gone@example.net\",\"Reason\":\"BOUNCE\"}\n\n");
  auto suppression = open().value();
  EXPECT_EQ(suppression.list().size(), 4U);
  EXPECT_EQ(suppression.list().find("gone@example.net")->updated, noon);
  ASSERT_TRUE(suppression.erase("gone@example.net"));
  ASSERT_TRUE(suppression.erase("suppressed-00000001@example.net"));
  EXPECT_EQ(open()->list().size(), 2U);
}

TEST_F(SuppressionFiles, preloaded_addresses_are_taken_as_they_are) {
  preload(
      "{\"EmailAddress\":\"two "
      "words\\u00e9@Example.NET\",\"Reason\":\"COMPLAINT\",\"LastUpdateTime\":1.5}\n");
  const auto suppression = open().value();
  const auto* bad = suppression.list().find("two words\xc3\xa9@Example.NET");
  ASSERT_NE(bad, nullptr);
  EXPECT_EQ(bad->updated, base::WallTime(base::Duration(1500)));
}

TEST_F(SuppressionFiles, line_that_is_no_entry_is_named) {
  for (const auto* line :
       {"gone@example.net", "[]", "{\"EmailAddress\":\"a@x.test\"}", "{\"Reason\":\"BOUNCE\"}",
        "{\"EmailAddress\":\"a@x.test\",\"Reason\":\"bounce\"}"}) {
    preload("{\"EmailAddress\":\"a@x.test\",\"Reason\":\"BOUNCE\"}\n" + std::string(line) + "\n");
    const auto opened = open();
    ASSERT_FALSE(opened) << line;
    EXPECT_EQ(opened.error().code, base::Errc::invalid);
    EXPECT_NE(opened.error().message.find("preload:2:"), std::string::npos) << opened.error().message;
  }
  options_.suppressed = directory_.file("none");
  EXPECT_EQ(open().error().code, base::Errc::not_found);
}

}  // namespace postern::sandbox
