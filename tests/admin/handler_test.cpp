#include "fixture.hpp"

namespace postern::admin {
namespace {

using HandlerTest = AdminTest;

TEST_F(HandlerTest, livez_is_well_while_the_loop_runs) {
  why_not_ready = "shutting down";
  EXPECT_EQ(ask("GET", "/livez", {}, false).status, 200);
}

TEST_F(HandlerTest, readyz_says_why_it_is_not_ready) {
  EXPECT_EQ(ask("GET", "/readyz", {}, false).status, 200);
  why_not_ready = "disk full";
  const auto response = ask("GET", "/readyz", {}, false);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "disk full\n");
}

TEST_F(HandlerTest, metrics_come_in_the_text_format_of_prometheus) {
  books.metrics.counter("postern_messages_received_total", "Messages.").add(3);
  const auto response = ask("GET", "/metrics", {}, false);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4");
  EXPECT_NE(response.body.find("postern_messages_received_total 3\n"), std::string::npos);
}

TEST_F(HandlerTest, what_changes_state_or_shows_content_is_for_the_socket_only) {
  const std::string id = append({"a@example.net"});
  const std::vector<std::pair<std::string, std::string>> guarded{
      {"POST", "/api/v1/queue/all/flush"},         {"POST", "/api/v1/queue/" + id + "/hold"},
      {"POST", "/api/v1/queue/all/release"},       {"DELETE", "/api/v1/queue/" + id},
      {"GET", "/api/v1/queue/" + id + "/content"}, {"POST", "/api/v1/suppression"},
      {"POST", "/api/v1/suppression/import"},      {"DELETE", "/api/v1/suppression/a@example.net"}};
  for (const auto& [method, path] : guarded) {
    const auto response = ask(method, path, "{\"address\":\"a@example.net\"}", false);
    EXPECT_EQ(response.status, 403) << method << " " << path;
    EXPECT_TRUE(boost::json::parse(response.body).at("error").is_string());
  }
  EXPECT_EQ(spool->totals().messages, 1u);
  EXPECT_EQ(list->size(), 0u);
}

TEST_F(HandlerTest, unknown_paths_are_404_and_wrong_methods_405_with_the_right_ones) {
  for (const std::string path :
       {"/", "/api", "/api/v1", "/api/v1/queue/", "/api/v1/nothing", "/livez/x", "livez"})
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  const auto response = ask("PUT", "/api/v1/suppression");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at("Allow"), "GET, POST");
  EXPECT_EQ(ask("POST", "/livez").status, 405);
}

TEST_F(HandlerTest, status_sums_up) {
  append({"a@example.net", "b@example.net"});
  view.paused = true;
  view.reason = "auth";
  view.last_error = "535 Authentication Credentials Invalid";
  view.since = books.clock.wall_now();
  view.in_flight = {"X"};
  const auto status = object("GET", "/api/v1/status");
  EXPECT_EQ(status.at("version").as_string(), POSTERN_VERSION);
  EXPECT_TRUE(status.at("ready").as_bool());
  EXPECT_EQ(status.at("queue").at("messages").to_number<int>(), 1);
  EXPECT_EQ(status.at("queue").at("queued").to_number<int>(), 2);
  EXPECT_EQ(status.at("queue").at("oldest").as_string(), "2026-11-24T10:00:00.000Z");
  EXPECT_EQ(status.at("delivery").at("reason").as_string(), "auth");
  EXPECT_EQ(status.at("delivery").at("last_error").as_string(), view.last_error);
  EXPECT_EQ(status.at("delivery").at("in_flight").to_number<int>(), 1);
  EXPECT_EQ(status.at("suppression").at("entries").to_number<int>(), 0);
}

TEST_F(HandlerTest, log_gives_rows_by_its_filters) {
  ledger::Row row;
  row.id = base::make_id(books.clock.wall_now(), random);
  row.attempt = 1;
  row.arrived = books.clock.wall_now();
  row.time = row.arrived + std::chrono::milliseconds(2300);
  row.from = "app@example.com";
  row.to = "jane@example.net";
  row.reply = "250 Ok 0100-x \xff";
  row.ses_id = "0100-x";
  auto other = row;
  other.recipient = 1;
  other.to = "joe@example.net";
  ASSERT_TRUE(books.wait(ledger->record_and_wait({row, other})).has_value());
  const auto found = object("GET", "/api/v1/log?to=JANE%40example.net&since=2026-11-24T10:00:00Z");
  const auto& rows = found.at("rows").as_array();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].at("to").as_string(), "jane@example.net");
  EXPECT_EQ(rows[0].at("status").as_string(), "sent");
  EXPECT_EQ(rows[0].at("ses_id").as_string(), "0100-x");
  EXPECT_EQ(rows[0].at("reply").as_string(), "250 Ok 0100-x ?");
  EXPECT_DOUBLE_EQ(rows[0].at("delay").as_double(), 2.3);
  EXPECT_EQ(object("GET", "/api/v1/log?limit=1").at("rows").as_array().size(), 1u);
  EXPECT_TRUE(object("GET", "/api/v1/log?since=2026-11-24T11:00:00Z").at("rows").as_array().empty());
  EXPECT_EQ(ask("GET", "/api/v1/log?since=yesterday").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/log?limit=0").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/log?limit=ten").status, 400);
}

}  // namespace
}  // namespace postern::admin
