#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config_check.hpp"

namespace postern::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ConfigYaml, a_syntax_error_has_its_line) {
  const auto problems = problems_of("hostname: a.example\nlimits: {errors: 1\nlog: x\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0], testing::MatchesRegex("3: yaml: .+"));
}

TEST(ConfigYaml, the_file_is_one_map) {
  EXPECT_THAT(problems_of("- a\n"), ElementsAre("1: yaml: the file must be a map of keys"));
  EXPECT_THAT(problems_of("just text"), ElementsAre("1: yaml: the file must be a map of keys"));
  EXPECT_THAT(problems_of(upstream_line + "---\nhostname: b.example\n"),
              ElementsAre("3: yaml: there must be one document in the file"));
  EXPECT_THAT(problems_with_upstream("? [a, b]\n: c\n"), ElementsAre("2: yaml: a key must be a word"));
  EXPECT_THAT(problems_with_upstream("'': c\n"), ElementsAre("2: yaml: a key must be a word"));
  EXPECT_THAT(problems_with_upstream("log: {\"a\\nb\": c}\n"), ElementsAre("2: log: a key must be a word"));
}

TEST(ConfigYaml, marks_of_documents_around_the_map_do_no_harm) {
  EXPECT_THAT(problems_of("---\n" + upstream_line + "...\n"), IsEmpty());
  EXPECT_THAT(problems_of(upstream_line + "---\n# the end of a template\n"), IsEmpty());
}

// The parser finds empty documents in it, again and again at the same place.
TEST(ConfigYaml, broken_text_that_never_ends_for_the_parser_is_refused) {
  EXPECT_EQ(problems_of(", a\nb:\n").size(), 1u);
}

TEST(ConfigYaml, a_section_with_everything_commented_out_is_as_good_as_none) {
  EXPECT_THAT(problems_with_upstream("limits:\n  # errors: 1\nlog:\n"), IsEmpty());
}

TEST(ConfigYaml, anchors_and_merges_are_understood) {
  const auto config = parse(
                          "upstream:\n"
                          "  - &ses\n"
                          "    endpoint: a.example:587\n"
                          "    connections: 3\n"
                          "    configuration_set: one\n"
                          "  - <<: *ses\n"
                          "    endpoint: b.example:587\n"
                          "  - {endpoint: \"c.example:587\", <<: [*ses]}\n")
                          .value();
  ASSERT_EQ(config.upstream.size(), 3u);
  EXPECT_EQ(config.upstream[1].host, "b.example");
  EXPECT_EQ(config.upstream[1].connections, 3u);
  EXPECT_EQ(config.upstream[2].host, "c.example");
  EXPECT_EQ(config.upstream[2].configuration_set, "one");
}

TEST(ConfigYaml, a_key_that_is_merged_in_may_not_hide_a_duplicate) {
  EXPECT_THAT(problems_of("upstream:\n"
                          "  - &a {endpoint: \"a.example:1\"}\n"
                          "  - <<: *a\n"
                          "    endpoint: b.example:1\n"
                          "    endpoint: c.example:1\n"),
              ElementsAre("5: upstream[1].endpoint: is given twice, first on line 4"));
}

TEST(ConfigYaml, merging_ends) {
  std::string text = "hostname: &a0 {k: v}\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " {<<: [" + last + ", " + last + "]}\n";
  }
  EXPECT_FALSE(problems_of(text + "log: {<<: *a29}\n").empty());
  EXPECT_THAT(problems_with_upstream("log: &a {<<: *a}"), ElementsAre(HasSubstr("log.<<: merges too much")));
}

TEST(ConfigYaml, nested_beyond_reason_is_a_problem_not_a_crash) {
  EXPECT_FALSE(problems_of(std::string(100'000, '[')).empty());
  EXPECT_FALSE(problems_of(std::string(100'000, '{')).empty());
}

TEST(ConfigYaml, problems_are_not_listed_without_end) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(problems_of(text).size(), 100u);
}

TEST(ConfigText, variables_are_put_in) {
  FakeMachine fake;
  fake.variables = {{"DOMAIN", "example.com"}, {"N", "7"}, {"EMPTY", ""}};
  const auto config = parse(
                          "hostname: mail.${DOMAIN}\n"
                          "limits: {errors: \"${N}\", hops: \"${UNSET:-9}\", connections: \"${EMPTY:-11}\"}\n"
                          "state_dir: /var/$${N}/$N\n" +
                              upstream_line,
                          fake)
                          .value();
  EXPECT_EQ(config.hostname, "mail.example.com");
  EXPECT_EQ(config.limits.errors, 7);
  EXPECT_EQ(config.limits.hops, 9);
  EXPECT_EQ(config.limits.connections, 11u);
  EXPECT_EQ(config.state_dir, "/var/${N}/$N");
}

TEST(ConfigText, a_variable_that_is_not_set_is_named) {
  EXPECT_THAT(problems_with_upstream("hostname: ${MAIL_NAME}"),
              ElementsAre("2: hostname: the environment variable MAIL_NAME is not set; ${MAIL_NAME:-default} "
                          "gives a default"));
  EXPECT_THAT(problems_with_upstream("hostname: ${MAIL_NAME"),
              ElementsAre("2: hostname: '${' without its '}'; '$${' is a literal '${'"));
  EXPECT_THAT(problems_with_upstream("hostname: ${9}"),
              ElementsAre("2: hostname: '${' without the name of a variable; '$${' is a literal '${'"));
}

TEST(ConfigText, what_a_variable_holds_is_not_looked_at_again) {
  FakeMachine fake;
  fake.variables = {{"A", "${B}"}, {"B", "x"}};
  EXPECT_EQ(parse(upstream_line + "state_dir: ${A}", fake)->state_dir, "${B}");
}

std::string with_credentials(const std::string& rest) {
  return "upstream:\n  - endpoint: h.example:587\n    username: u\n" + rest;
}

TEST(ConfigSecret, is_read_from_its_file_less_one_newline) {
  FakeMachine fake;
  fake.files = {{"/a", "secret\n"}, {"/b", "secret"}, {"/c", " s\r\n"}, {"/d", "s\n\n"}, {"/e", "\n"}};
  EXPECT_EQ(parse(with_credentials("    password_file: /a"), fake)->upstream[0].password, "secret");
  EXPECT_EQ(parse(with_credentials("    password_file: /b"), fake)->upstream[0].password, "secret");
  EXPECT_EQ(parse(with_credentials("    password_file: /c"), fake)->upstream[0].password, " s");
  EXPECT_THAT(problems_of(with_credentials("    password_file: /d"), fake),
              ElementsAre("4: upstream[0].password_file: /d holds more than one line, or is not text"));
  EXPECT_THAT(problems_of(with_credentials("    password_file: /e"), fake),
              ElementsAre("4: upstream[0].password_file: /e is empty"));
}

TEST(ConfigSecret, an_unreadable_file_is_a_problem_with_path_and_reason) {
  EXPECT_THAT(problems_of(with_credentials("    password_file: /run/secrets/ses")),
              ElementsAre("4: upstream[0].password_file: /run/secrets/ses cannot be read: No such file or "
                          "directory"));
}

TEST(ConfigSecret, is_given_one_way_and_with_a_user) {
  FakeMachine fake;
  fake.files["/a"] = "x";
  EXPECT_THAT(
      problems_of(with_credentials("    password: p\n    password_file: /a"), fake),
      ElementsAre("5: upstream[0].password_file: is given beside password: only one of the two can count"));
  EXPECT_THAT(problems_of("upstream: [{endpoint: \"h.example:587\", password: p}]"),
              ElementsAre("1: upstream[0].username: is missing"));
}

TEST(ConfigSecret, is_never_part_of_a_message) {
  for (const auto& problem : problems_of(with_credentials("    password: [tops3cret]\n    ca_file: []\n"))) {
    EXPECT_THAT(problem, testing::Not(HasSubstr("tops3cret")));
  }
}

}  // namespace
}  // namespace postern::app
