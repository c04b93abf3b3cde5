#include "fixture.hpp"

namespace postern::admin {
namespace {

using QueueTest = AdminTest;

boost::json::array rows_of(const boost::json::object& page) {
  return page.at("messages").as_array();
}

TEST_F(QueueTest, rows_look_as_those_of_postqueue) {
  const std::string id = append({"a@example.net", "b@example.net"});
  const auto rows = rows_of(object("GET", "/api/v1/queue"));
  ASSERT_EQ(rows.size(), 1u);
  const auto& row = rows[0].as_object();
  EXPECT_EQ(row.at("queue_name").as_string(), "deferred");
  EXPECT_EQ(row.at("queue_id").as_string(), id);
  EXPECT_EQ(row.at("arrival_time").to_number<long>(), 1795514400);
  EXPECT_EQ(row.at("message_size").to_number<int>(), 24);
  EXPECT_FALSE(row.at("forced_expire").as_bool());
  EXPECT_EQ(row.at("sender").as_string(), "app@example.com");
  ASSERT_EQ(row.at("recipients").as_array().size(), 2u);
  const auto& recipient = row.at("recipients").at(0).as_object();
  EXPECT_EQ(recipient.at("address").as_string(), "a@example.net");
  EXPECT_FALSE(recipient.contains("delay_reason"));
  EXPECT_EQ(row.at("stream").as_string(), "127.0.0.1");
  EXPECT_EQ(row.at("attempts").to_number<int>(), 0);
  EXPECT_EQ(row.at("due").as_string(), "2026-11-24T10:00:00.000Z");
}

TEST_F(QueueTest, a_retry_shows_the_last_reply_attempts_and_due) {
  const std::string id = append({"a@example.net"});
  spool::Settlement retry;
  retry.kind = spool::Settlement::Kind::retry;
  retry.due = books.clock.wall_now() + std::chrono::minutes(2);
  retry.reply = "454 Throttling failure";
  ASSERT_TRUE(books.wait(spool->settle(id, {retry})).has_value());
  const auto row = object("GET", "/api/v1/queue/" + id);
  EXPECT_EQ(row.at("recipients").at(0).at("delay_reason").as_string(), "454 Throttling failure");
  EXPECT_EQ(row.at("attempts").to_number<int>(), 1);
  EXPECT_EQ(row.at("due").as_string(), "2026-11-24T10:02:00.001Z");
}

TEST_F(QueueTest, in_flight_is_active_and_held_is_hold) {
  const std::string flying = append({"a@example.net"});
  const std::string held = append({"b@example.net"});
  view.in_flight = {flying};
  EXPECT_EQ(object("POST", "/api/v1/queue/" + held + "/hold").at("messages").to_number<int>(), 1);
  const auto rows = rows_of(object("GET", "/api/v1/queue"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("queue_name").as_string(), "active");
  EXPECT_EQ(rows[1].at("queue_name").as_string(), "hold");
  EXPECT_TRUE(rows[1].at("due").is_null());
  EXPECT_EQ(rows[1].at("recipients").at(0).at("delay_reason").as_string(), "held by the operator");
  EXPECT_EQ(object("GET", "/api/v1/queue/" + flying).at("queue_name").as_string(), "active");
}

TEST_F(QueueTest, is_paged) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(append({"a@example.net"}));
  std::vector<std::string> seen;
  std::string target = "/api/v1/queue?limit=2";
  while (true) {
    const auto page = object("GET", target);
    EXPECT_EQ(page.at("total").to_number<int>(), 5);
    for (const auto& row : rows_of(page)) seen.emplace_back(row.at("queue_id").as_string());
    if (!page.contains("next")) break;
    target = "/api/v1/queue?limit=2&after=" + std::string(page.at("next").as_string());
  }
  EXPECT_EQ(seen, ids);
}

TEST_F(QueueTest, hold_release_flush_and_delete_act_on_one_or_all) {
  const std::string one = append({"a@example.net"});
  append({"b@example.net"});
  EXPECT_EQ(object("POST", "/api/v1/queue/all/hold").at("messages").to_number<int>(), 2);
  EXPECT_EQ(woken, 0);
  EXPECT_EQ(spool->totals().held, 2u);
  EXPECT_EQ(object("POST", "/api/v1/queue/" + one + "/release").at("messages").to_number<int>(), 1);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(spool->totals().held, 1u);
  EXPECT_EQ(object("POST", "/api/v1/queue/" + one + "/flush").at("messages").to_number<int>(), 1);
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(object("DELETE", "/api/v1/queue/" + one).at("messages").to_number<int>(), 1);
  EXPECT_EQ(object("DELETE", "/api/v1/queue/all").at("messages").to_number<int>(), 1);
  EXPECT_EQ(spool->totals().messages, 0u);
  EXPECT_NE(books.logged().find("action=delete"), std::string::npos);
}

TEST_F(QueueTest, an_unknown_id_is_404_and_a_state_that_is_there_already_is_not) {
  for (const std::string action : {"flush", "hold", "release"})
    EXPECT_EQ(ask("POST", "/api/v1/queue/1J0000000000000A/" + action).status, 404) << action;
  EXPECT_EQ(ask("DELETE", "/api/v1/queue/1J0000000000000A").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/queue/1J0000000000000A").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/queue/1J0000000000000A/content").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/queue/1J0000000000000A/burn").status, 404);
  const std::string id = append({"a@example.net"});
  EXPECT_EQ(object("POST", "/api/v1/queue/" + id + "/release").at("messages").to_number<int>(), 0);
  EXPECT_EQ(object("DELETE", "/api/v1/queue/all").at("messages").to_number<int>(), 1);
  EXPECT_EQ(object("DELETE", "/api/v1/queue/all").at("messages").to_number<int>(), 0);
}

TEST_F(QueueTest, content_is_the_message_as_it_lies_in_the_spool) {
  const std::string id = append({"a@example.net"});
  const auto response = ask("GET", "/api/v1/queue/" + id + "/content");
  EXPECT_EQ(response.content_type, "message/rfc822");
  EXPECT_EQ(response.body, "Subject: hello\r\n\r\nbody\r\n");
  EXPECT_TRUE(response.headers.empty());
}

}  // namespace
}  // namespace postern::admin
