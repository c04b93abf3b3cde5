#include <gtest/gtest.h>

#include "postern/suppression/list.hpp"

namespace postern::suppression {
namespace {

const base::WallTime now = base::from_rfc3339("2026-11-24T10:00:00Z").value();

std::vector<std::string> lines_of(const std::vector<Entry>& entries) {
  std::vector<std::string> out;
  for (const auto& e : entries)
    out.push_back(e.address + " " + e.reason + " " + e.source + " " + base::to_rfc3339(e.since));
  return out;
}

using Lines = std::vector<std::string>;

TEST(ParseImport, takes_address_reason_and_time_a_line_and_skips_heading_comments_and_blank_lines) {
  const auto in = parse_import(
      "address,reason,since\r\n# ours\r\n\r\nA@Example.com,bounce,2026-09-20T10:15:30Z\r\n"
      "b@example.com , COMPLAINT , 2026-09-21\r\n",
      now);
  EXPECT_TRUE(in.problems.empty());
  EXPECT_EQ(lines_of(in.entries), (Lines{"A@Example.com BOUNCE import 2026-09-20T10:15:30.000Z",
                                         "b@example.com COMPLAINT import 2026-09-21T00:00:00.000Z"}));
}

TEST(ParseImport, a_bare_address_is_a_manual_entry_of_now) {
  const auto in = parse_import("a@example.com\nb@example.com,BOUNCE", now);
  EXPECT_EQ(lines_of(in.entries), (Lines{"a@example.com MANUAL import 2026-11-24T10:00:00.000Z",
                                         "b@example.com BOUNCE import 2026-11-24T10:00:00.000Z"}));
}

TEST(ParseImport, reports_bad_lines_by_their_number_and_goes_on) {
  const auto in = parse_import(
      "# list\nnonsense\na@example.com,SPAM\n\nb@example.com,BOUNCE,yesterday\n,BOUNCE\n<>\nc@example.com\n",
      now);
  std::vector<std::size_t> lines;
  for (const auto& problem : in.problems) {
    lines.push_back(problem.line);
    EXPECT_FALSE(problem.message.empty());
  }
  EXPECT_EQ(lines, (std::vector<std::size_t>{2, 3, 5, 6, 7}));
  EXPECT_EQ(lines_of(in.entries), (Lines{"c@example.com MANUAL import 2026-11-24T10:00:00.000Z"}));
}

TEST(ParseImport, a_heading_is_one_only_in_the_first_line) {
  const auto in = parse_import("EmailAddress,Reason\na@example.com,BOUNCE\naddress,reason\n", now);
  EXPECT_EQ(in.entries.size(), 1u);
  ASSERT_EQ(in.problems.size(), 1u);
  EXPECT_EQ(in.problems[0].line, 3u);
}

TEST(ParseImport, takes_quoted_local_parts_with_and_without_csv_quoting) {
  const auto in = parse_import("\"\"\"a,b\"\"@example.com\",BOUNCE\n\"c d\"@example.com\n", now);
  EXPECT_TRUE(in.problems.empty());
  ASSERT_EQ(in.entries.size(), 2u);
  EXPECT_EQ(in.entries[0].address, "\"a,b\"@example.com");
  EXPECT_EQ(in.entries[0].reason, "BOUNCE");
  EXPECT_EQ(in.entries[1].address, "\"c d\"@example.com");
}

TEST(ParseImport, takes_what_ses_lists_as_json_lines) {
  const auto in = parse_import(
      "{\"EmailAddress\":\"o'brien+tag\\u002Fx@Example.com\",\"Reason\":\"BOUNCE\",\"LastUpdateTime\":"
      "1758363330.25}\n"
      "{\"Reason\": \"COMPLAINT\", \"EmailAddress\": \"b@example.com\", "
      "\"LastUpdateTime\": \"2026-09-20T10:15:30.000000+00:00\"},\n",
      now);
  EXPECT_TRUE(in.problems.empty());
  EXPECT_EQ(lines_of(in.entries), (Lines{"o'brien+tag/x@Example.com BOUNCE import 2025-09-20T10:15:30.250Z",
                                         "b@example.com COMPLAINT import 2026-09-20T10:15:30.000Z"}));
}

TEST(ParseImport, refuses_broken_json_and_json_without_an_address) {
  for (const std::string line :
       {"{\"EmailAddress\":\"a@example.com\"", "{\"EmailAddress\":[\"a@example.com\"]}", "{}", "{",
        "{\"EmailAddress\":\"a@example.com\"} x", "{\"Reason\":\"BOUNCE\"}",
        "{\"EmailAddress\":\"\\u00e9@b.de\"}", "{\"EmailAddress\":\"a@example.com\",\"Reason\":}"}) {
    const auto in = parse_import(line, now);
    EXPECT_EQ(in.problems.size(), 1u) << line;
    EXPECT_TRUE(in.entries.empty()) << line;
  }
}

TEST(FormatExport, comes_back_as_it_went_out) {
  const std::vector<Entry> entries{{"A@Example.com", "BOUNCE", "import", now},
                                   {"\"a,b\"@example.com", "COMPLAINT", "import", now},
                                   {"#x@example.com", "MANUAL", "import", now},
                                   {"{y@example.com", "MANUAL", "import", now}};
  const std::string text = format_export(entries);
  const auto in = parse_import(text, now);
  EXPECT_TRUE(in.problems.empty()) << in.problems[0].message;
  EXPECT_EQ(lines_of(in.entries), lines_of(entries));
  EXPECT_EQ(text.substr(0, text.find('\n')), "address,reason,since");
}

TEST(ParseImport, an_empty_text_and_a_byte_order_mark_are_no_problem) {
  EXPECT_TRUE(parse_import("", now).entries.empty());
  const auto in = parse_import(
      "\xEF\xBB\xBF"
      "a@example.com\n",
      now);
  EXPECT_EQ(in.entries.size(), 1u);
  EXPECT_TRUE(in.problems.empty());
}

}  // namespace
}  // namespace postern::suppression
