#include "postern/base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/manual_clock.hpp"

namespace postern::base {
namespace {

using testing::HasSubstr;

class LogTest : public testing::Test {
 protected:
  // The line without its time, level and event, which are asserted once.
  std::string line(LogFormat format, std::initializer_list<LogField> fields, bool mask = false) {
    log.configure(format, LogLevel::info, mask);
    lines.clear();
    log.info("e", fields);
    if (lines.size() != 1) return "no line";
    const std::string head = format == LogFormat::text
                                 ? "time=2026-11-24T10:00:00.000Z level=info event=e"
                                 : R"({"time":"2026-11-24T10:00:00.000Z","level":"info","event":"e")";
    return lines[0].starts_with(head) ? lines[0].substr(head.size()) : lines[0];
  }
  std::string text(std::initializer_list<LogField> fields) { return line(LogFormat::text, fields); }
  std::string json(std::initializer_list<LogField> fields) { return line(LogFormat::json, fields); }

  support::ManualClock clock;
  std::vector<std::string> lines;
  Log log{clock, [this](std::string_view l) { lines.emplace_back(l); }};
};

TEST_F(LogTest, writes_one_line_an_event) {
  log.warn("started");
  EXPECT_EQ(lines, (std::vector<std::string>{"time=2026-11-24T10:00:00.000Z level=warn event=started\n"}));
}

TEST_F(LogTest, writes_the_fields_of_a_delivery_as_parsers_of_postfix_know_them) {
  EXPECT_EQ(text({{"to", "bob@example.com"},
                  {"relay", "host[192.0.2.1]:587"},
                  {"delay", 2.3},
                  {"dsn", "2.0.0"},
                  {"status", "sent"},
                  {"reply", "250 Ok 0100"}}),
            " to=<bob@example.com> relay=host[192.0.2.1]:587 delay=2.3 dsn=2.0.0 status=sent"
            " reply=\"250 Ok 0100\"\n");
}

TEST_F(LogTest, keeps_the_brackets_of_addresses_that_hold_an_equals_sign) {
  EXPECT_EQ(text({{"from", "bounce+bob=example.org@example.com"}}),
            " from=<bounce+bob=example.org@example.com>\n");
}

TEST_F(LogTest, writes_the_null_sender_as_empty_brackets) {
  EXPECT_EQ(text({{"from", ""}, {"client", ""}}), " from=<>\n") << "what is empty otherwise is left out";
}

TEST_F(LogTest, quotes_addresses_that_would_break_the_line) {
  EXPECT_EQ(text({{"to", "\"a b\"@x"}}), " to=\"\\\"a b\\\"@x\"\n");
  EXPECT_EQ(text({{"to", "a\n@x"}}), " to=\"a\\n@x\"\n");
}

TEST_F(LogTest, quotes_in_logfmt_what_is_not_one_word) {
  EXPECT_EQ(text({{"reason", "a b"}, {"reply", "x=y"}, {"id", "q\"\\"}}),
            " reason=\"a b\" reply=\"x=y\" id=\"q\\\"\\\\\"\n");
}

TEST_F(LogTest, lets_no_value_forge_a_line_or_a_field) {
  EXPECT_EQ(text({{"helo", "x\r\ntime=1 level=error\t\x1b\x7f"}}),
            " helo=\"x\\r\\ntime=1 level=error\\u0009\\u001b\\u007f\"\n");
  EXPECT_EQ(json({{"helo", std::string_view("\0\n\"}", 4)}}), ",\"helo\":\"\\u0000\\n\\\"}\"}\n");
}

TEST_F(LogTest, passes_utf8_and_escapes_other_bytes) {
  EXPECT_EQ(json({{"reason", "J\xC3\xB6rg \xE2\x82\xAC \xF0\x9F\x93\xA7"}}),
            ",\"reason\":\"J\xC3\xB6rg \xE2\x82\xAC \xF0\x9F\x93\xA7\"}\n");
  EXPECT_EQ(json({{"reason", "J\xF6rg"}}), ",\"reason\":\"J\\u00f6rg\"}\n");
  // Cut short, overlong, a surrogate, beyond the last code point, a control of C1.
  EXPECT_EQ(json({{"r", "\xE2\x82"}}), ",\"r\":\"\\u00e2\\u0082\"}\n");
  EXPECT_EQ(json({{"r", "\xC0\xAF"}}), ",\"r\":\"\\u00c0\\u00af\"}\n");
  EXPECT_EQ(json({{"r", "\xED\xA0\x80"}}), ",\"r\":\"\\u00ed\\u00a0\\u0080\"}\n");
  EXPECT_EQ(json({{"r", "\xF4\x90\x80\x80"}}), ",\"r\":\"\\u00f4\\u0090\\u0080\\u0080\"}\n");
  EXPECT_EQ(json({{"r", "\xC2\x85"}}), ",\"r\":\"\\u00c2\\u0085\"}\n");
}

TEST_F(LogTest, writes_numbers_and_truth_values_as_such) {
  EXPECT_EQ(json({{"size", std::size_t{4096}}, {"n", -1}, {"delay", 0.04}, {"tls", true}, {"no", false}}),
            ",\"size\":4096,\"n\":-1,\"delay\":0.04,\"tls\":true,\"no\":false}\n");
}

TEST_F(LogTest, writes_reals_without_exponents) {
  EXPECT_EQ(
      text({{"delay", 345600.0}, {"b", 1234.5}, {"c", 0.0}, {"d", 999.9996}, {"e", 0.0005}, {"f", -2.0}}),
      " delay=345600 b=1234.5 c=0 d=999.9996 e=0.0005 f=-2\n");
}

TEST_F(LogTest, writes_reals_that_are_no_numbers_as_valid_json) {
  EXPECT_EQ(json({{"rate", std::nan("")}, {"max", HUGE_VAL}}), ",\"rate\":null,\"max\":null}\n");
  EXPECT_EQ(text({{"rate", std::nan("")}}), " rate=nan\n");
}

TEST_F(LogTest, masks_the_addresses_of_both_sides_only) {
  const std::initializer_list<LogField> fields = {
      {"from", "alice@example.com"}, {"to", "b@example.org"}, {"orig_to", "root"}, {"client", "192.0.2.1"}};
  EXPECT_EQ(line(LogFormat::text, fields, true),
            " from=<a***@example.com> to=<b***@example.org> orig_to=<root> client=192.0.2.1\n");
  EXPECT_EQ(line(LogFormat::json, {{"to", "bob@example.org"}}, true), ",\"to\":\"b***@example.org\"}\n");
}

TEST_F(LogTest, masking_keeps_what_has_no_local_part) {
  EXPECT_EQ(mask_address("somebody@example.com"), "s***@example.com");
  EXPECT_EQ(mask_address("@example.com"), "@example.com");
  EXPECT_EQ(mask_address(""), "");
}

TEST_F(LogTest, drops_what_is_below_the_level) {
  log.configure(LogFormat::text, LogLevel::warn, false);
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("e");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr("event=w"));
  EXPECT_FALSE(log.enabled(LogLevel::info));
}

}  // namespace
}  // namespace postern::base
