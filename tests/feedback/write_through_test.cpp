#include "feedback/fixture.hpp"

namespace postern::feedback::test {
namespace {

using base::Errc;

struct WriteThrough : SyncFixture {
  WriteThrough() {
    settings->enabled = false;
    start();
  }
  base::Result<void> put(const std::string& address, const std::string& reason = "BOUNCE") {
    return wait(sync->put(address, reason));
  }
};

TEST_F(WriteThrough, puts_at_ses_as_ses_stores_it_and_then_here) {
  ASSERT_TRUE(put("O'Brien@Example.COM", "COMPLAINT").has_value());
  EXPECT_EQ(ses.calls.back().what, "put O'Brien@example.com");
  EXPECT_EQ(list.current.at("o'brien@example.com").front().address, "O'Brien@example.com");
  EXPECT_EQ(list.current.at("o'brien@example.com").front().reason, "COMPLAINT");
}

TEST_F(WriteThrough, changes_nothing_here_when_ses_refuses) {
  ses.failing[0] = base::fail(Errc::permission, "ses:PutSuppressedDestination is missing");
  const auto refused = put("a@example.com");
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Errc::permission);
  EXPECT_NE(refused.error().message.find("nothing was changed here"), std::string::npos);
  EXPECT_NE(refused.error().message.find("ses:PutSuppressedDestination"), std::string::npos);
  EXPECT_TRUE(list.current.empty());
}

TEST_F(WriteThrough, says_so_when_ses_took_it_and_the_list_could_not) {
  list.failing_call = list.calls;
  const auto half = put("a@example.com");
  ASSERT_TRUE(half.has_error());
  EXPECT_NE(half.error().message.find("SES lists it now"), std::string::npos);
  EXPECT_TRUE(ses.listed.contains("a@example.com"));
}

TEST_F(WriteThrough, asks_again_when_ses_is_busy) {
  ses.failing[0] = ses.failing[1] = base::fail(Errc::busy, "429");
  EXPECT_TRUE(put("a@example.com").has_value());
  EXPECT_EQ(ses.calls.size(), 3u);
}

TEST_F(WriteThrough, refuses_what_is_no_address_and_what_is_no_reason_of_ses) {
  EXPECT_EQ(put("a b@example.com").error().code, Errc::invalid);
  EXPECT_EQ(put("").error().code, Errc::invalid);
  EXPECT_EQ(put("a@example.com", "MANUAL").error().code, Errc::invalid);
  EXPECT_EQ(wait(sync->remove("nobody")).error().code, Errc::invalid);
  EXPECT_TRUE(ses.calls.empty());
}

TEST_F(WriteThrough, removes_every_spelling_that_ses_lists) {
  ses.list("Foo@example.com");
  ses.list("foo@example.com");
  list.current["foo@example.com"] = {{"Foo@example.com", "BOUNCE", {}}, {"foo@example.com", "BOUNCE", {}}};
  const auto removed = wait(sync->remove("FOO@example.com"));
  ASSERT_TRUE(removed.has_value());
  EXPECT_TRUE(removed->ses);
  EXPECT_TRUE(removed->here);
  EXPECT_TRUE(ses.listed.empty());
  EXPECT_TRUE(list.current.empty());
}

TEST_F(WriteThrough, removes_at_ses_what_is_not_copied_yet) {
  ses.list("Jane@example.com");
  const auto removed = wait(sync->remove("Jane@EXAMPLE.com"));
  ASSERT_TRUE(removed.has_value());
  EXPECT_TRUE(removed->ses);
  EXPECT_FALSE(removed->here);
  EXPECT_TRUE(ses.listed.empty());
}

TEST_F(WriteThrough, what_ses_does_not_list_is_removed_here_all_the_same) {
  list.current["a@example.com"] = {{"a@example.com", "BOUNCE", {}}};
  const auto removed = wait(sync->remove("a@example.com"));
  ASSERT_TRUE(removed.has_value());
  EXPECT_FALSE(removed->ses);
  EXPECT_TRUE(removed->here);
}

TEST_F(WriteThrough, keeps_the_entry_here_when_ses_keeps_one_spelling) {
  ses.list("Foo@example.com");
  ses.list("foo@example.com");
  list.current["foo@example.com"] = {{"Foo@example.com", "BOUNCE", {}}, {"foo@example.com", "BOUNCE", {}}};
  ses.failing[1] = base::fail(Errc::permission, "403");
  const auto removed = wait(sync->remove("foo@example.com"));
  ASSERT_TRUE(removed.has_error());
  EXPECT_NE(removed.error().message.find("SES may still list foo@example.com"), std::string::npos);
  EXPECT_EQ(list.current.size(), 1u);
}

TEST_F(WriteThrough, says_so_when_ses_removed_it_and_the_list_could_not) {
  ses.list("a@example.com");
  list.failing_call = list.calls;
  const auto removed = wait(sync->remove("a@example.com"));
  ASSERT_TRUE(removed.has_error());
  EXPECT_NE(removed.error().message.find("still listed here"), std::string::npos);
}

struct Reasons : SyncFixture {};

TEST_F(Reasons, a_difference_to_the_account_is_told_once_and_its_end_too) {
  settings->reasons = {"BOUNCE"};
  start();
  advance(hours(5));
  ASSERT_EQ(sync->status().differences.size(), 1u);
  EXPECT_NE(sync->status().differences[0].find("the account suppresses COMPLAINT"), std::string::npos);
  EXPECT_EQ(times_logged("status=differ"), 1u);
  EXPECT_GT(ses.count("account"), 3u);
  EXPECT_LT(ses.count("account"), 7u);  // not with each pass
  ses.its_account.suppressed_reasons = {"BOUNCE"};
  advance(hours(2));
  EXPECT_TRUE(sync->status().differences.empty());
  EXPECT_EQ(times_logged("status=agree"), 1u);
}

TEST_F(Reasons, a_configuration_set_that_overrides_them_is_what_counts) {
  settings->configuration_set = "mail";
  ses.set_reasons = Names{};
  start();
  advance(seconds(10));
  ASSERT_EQ(sync->status().differences.size(), 2u);
  EXPECT_NE(sync->status().differences[0].find("configuration set mail does not suppress it"),
            std::string::npos);
  EXPECT_EQ(ses.count("account"), 0u);
  ses.set_reasons.reset();
  advance(hours(2));
  EXPECT_TRUE(sync->status().differences.empty());
}

TEST_F(Reasons, an_account_that_may_not_be_read_is_told_once_and_hinders_no_pass) {
  ses_lists(3);
  ses.account_error = base::fail(Errc::permission, "ses:GetAccount is missing");
  start();
  advance(hours(5));
  EXPECT_EQ(sync->status().differences_unknown, "ses:GetAccount is missing");
  EXPECT_EQ(times_logged("status=unknown"), 1u);
  EXPECT_EQ(list.addresses().size(), 3u);
  EXPECT_TRUE(sync->status().last_error.empty());
}

TEST_F(Reasons, are_written_to_the_account_only_when_asked_to) {
  settings->reasons = {"BOUNCE"};
  start();
  advance(hours(3));
  EXPECT_EQ(ses.count("put account"), 0u);
  ASSERT_TRUE(wait(sync->write_account_reasons()).has_value());
  EXPECT_EQ(ses.its_account.suppressed_reasons, (Names{"BOUNCE"}));
  EXPECT_TRUE(sync->status().differences.empty());
}

}  // namespace
}  // namespace postern::feedback::test
