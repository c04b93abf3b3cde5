// What becomes of recipients that are suppressed, bounce, or belong to the mailbox simulator.
#include "session_fixture.hpp"

namespace postern::sandbox {

TEST_F(SessionTest, suppressed_recipient_is_accepted_and_not_delivered_to) {
  ASSERT_TRUE(service_.suppression.put({"Gone@example.net", Reason::complaint, clock_.wall_now(), nullptr}));
  log_in();
  const auto record = record_of(send(plain_, "RCPT TO:<gone@EXAMPLE.net>\r\nRCPT TO:<b@example.net>\r\n"));
  const auto& recipients = record.at("recipients").as_array();
  ASSERT_EQ(recipients.size(), 2U);
  EXPECT_EQ(recipients[0].at("address"), "gone@EXAMPLE.net");
  EXPECT_EQ(recipients[0].at("result"), "suppressed");
  EXPECT_EQ(recipients[0].at("reason"), "COMPLAINT");
  EXPECT_EQ(recipients[0].at("bounceType"), "Permanent");
  EXPECT_EQ(recipients[0].at("bounceSubType"), "OnAccountSuppressionList");
  EXPECT_EQ(recipients[1], (boost::json::object{{"address", "b@example.net"}, {"result", "delivered"}}));
  EXPECT_EQ(record.at("to").as_array().size(), 2U) << "the envelope stays";
  EXPECT_EQ(service_.account.sent_last_24_hours(), 2U) << "what is suppressed counts";
}

TEST_F(SessionTest, hard_bounce_enters_the_list_and_suppresses_the_next_message) {
  options_.misfortunes.bounce = {"gone*@example.net"};
  log_in();
  const auto rcpt = "RCPT TO:<Gone1@Example.net>\r\n";
  const auto first = record_of(send(plain_, rcpt));
  EXPECT_EQ(first.at("recipients").at(0).at("result"), "bounced");
  EXPECT_EQ(first.at("recipients").at(0).at("bounceSubType"), "General");
  const auto* entry = service_.suppression.list().find("Gone1@example.net");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->reason, Reason::bounce);
  EXPECT_EQ(entry->updated, clock_.wall_now());
  ASSERT_TRUE(entry->cause);
  EXPECT_EQ(entry->cause->message_id, first.at("id").as_string());
  const auto second = record_of(send(plain_, rcpt));
  EXPECT_EQ(second.at("recipients").at(0).at("result"), "suppressed");
  EXPECT_EQ(service_.suppression.list().size(), 1U);
}

TEST_F(SessionTest, simulator_is_answered_in_kind_and_never_enters_the_list) {
  log_in();
  std::string rcpts;
  for (const auto* name : {"bounce+x", "Complaint", "suppressionlist", "ooto", "success"})
    rcpts += "RCPT TO:<" + std::string(name) + "@simulator.amazonses.com>\r\n";
  const auto record = record_of(send(plain_, rcpts));
  std::vector<std::string> results;
  for (const auto& one : record.at("recipients").as_array())
    results.emplace_back(one.at("result").as_string());
  EXPECT_EQ(results,
            (std::vector<std::string>{"bounced", "complained", "suppressed", "delivered", "delivered"}));
  EXPECT_EQ(service_.suppression.list().size(), 0U);
  EXPECT_EQ(service_.account.sent_last_24_hours(), 0U);
}

TEST_F(SessionTest, account_that_suppresses_nothing_delivers_and_lists_nothing) {
  service_.suppression.account_reasons = no_reasons;
  ASSERT_TRUE(service_.suppression.put({"gone@example.net", Reason::bounce, clock_.wall_now(), nullptr}));
  log_in();
  const auto record = record_of(send(plain_, "RCPT TO:<gone@example.net>\r\nRCPT TO:<x@bounce.example>\r\n"));
  EXPECT_EQ(record.at("recipients").at(0).at("result"), "delivered");
  EXPECT_EQ(record.at("recipients").at(1).at("result"), "bounced");
  EXPECT_EQ(service_.suppression.list().size(), 1U);
}

TEST_F(SessionTest, configuration_set_overrides_the_reasons_of_the_account) {
  ASSERT_TRUE(service_.suppression.put({"gone@example.net", Reason::bounce, clock_.wall_now(), nullptr}));
  service_.suppression.configuration_sets["all"] = no_reasons;
  service_.suppression.configuration_sets["as-account"] = std::nullopt;
  log_in();
  const auto result = [this](const std::string& set) {
    const auto record = record_of(
        send("X-SES-CONFIGURATION-SET: " + set + "\r\n" + plain_, "RCPT TO:<gone@example.net>\r\n"));
    EXPECT_EQ(record.at("configuration_set"), boost::json::value(set));
    return std::string(record.at("recipients").at(0).at("result").as_string());
  };
  EXPECT_EQ(result("all"), "delivered");
  EXPECT_EQ(result("as-account"), "suppressed");
}

TEST_F(SessionTest, configuration_set_that_is_not_there_is_refused_where_some_are) {
  const auto message = "X-SES-CONFIGURATION-SET: other\r\n" + plain_;
  log_in();
  EXPECT_TRUE(send(message).starts_with("250 Ok "));
  options_.configuration_sets = {"mine"};
  EXPECT_EQ(send(message),
            "554 Configuration Set does not exist: Configuration set <other> does not exist.\r\n");
}

}  // namespace postern::sandbox
