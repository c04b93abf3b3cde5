#include <algorithm>
#include <unordered_set>

#include "admin/call.hpp"
#include "admin/json.hpp"

namespace postern::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t most_rows = 1000;

// 0 is an answer for "all" and for a message that is in that state already, not for an unknown id.
Answer counted(Call call, base::Result<std::size_t> touched) {
  const std::string id = call.path.at(0);
  if (touched.has_error()) co_return error_response(touched.error());
  if (*touched == 0 && id != "all") {
    auto there = co_await call.with->spool.load(id);
    if (there.has_error()) co_return error_response(there.error());
  }
  const std::string action = call.path.size() > 1 ? call.path[1] : "delete";
  call.with->log.info("queue", {{"action", action}, {"id", id}, {"messages", *touched}});
  json::object out;
  out["messages"] = *touched;
  co_return json_response(out);
}

}  // namespace

Answer status(Call call) {
  const auto totals = call.with->spool.totals();
  const std::string why = call.with->not_ready();
  json::object queue;
  queue["messages"] = totals.messages;
  queue["queued"] = totals.queued;
  queue["held"] = totals.held;
  queue["bytes"] = totals.bytes;
  queue["oldest"] = totals.oldest ? json::value(base::to_rfc3339(*totals.oldest)) : json::value(nullptr);
  json::object suppression;
  suppression["entries"] = call.with->suppression.size();
  json::object out;
  out["version"] = POSTERN_VERSION;
  out["ready"] = why.empty();
  if (!why.empty()) out["not_ready"] = why;
  out["queue"] = std::move(queue);
  out["delivery"] = to_json(call.with->delivery());
  out["suppression"] = std::move(suppression);
  co_return json_response(out);
}

// "next" is the `after` of the next page, missing on the last.
Answer queue_list(Call call) {
  const auto limit = limit_of(call, most_rows, most_rows);
  if (limit.has_error()) co_return error_response(limit.error());
  const auto messages = co_await call.with->spool.list(*limit, parameter(call, "after"));
  if (messages.has_error()) co_return error_response(messages.error());
  const auto view = call.with->delivery();
  const std::unordered_set<std::string> in_flight(view.in_flight.begin(), view.in_flight.end());
  json::array rows;
  for (const auto& message : *messages) rows.push_back(queue_row(*message, in_flight.contains(message->id)));
  const auto totals = call.with->spool.totals();
  json::object out;
  out["messages"] = std::move(rows);
  out["total"] = totals.messages;
  out["bytes"] = totals.bytes;
  out["delivery"] = to_json(view);
  if (messages->size() == *limit) out["next"] = messages->back()->id;
  co_return json_response(out);
}

Answer queue_show(Call call) {
  const auto message = co_await call.with->spool.load(call.path.at(0));
  if (message.has_error()) co_return error_response(message.error());
  const auto ids = call.with->delivery().in_flight;
  const bool in_flight = std::find(ids.begin(), ids.end(), (*message)->id) != ids.end();
  co_return json_response(queue_row(**message, in_flight));
}

// Header and body as they lie in the spool. A body that lies in a file is named, not read: the loop reads no
// disk, and who may use the socket may read the file.
Answer queue_content(Call call) {
  const auto message = co_await call.with->spool.load(call.path.at(0));
  if (message.has_error()) co_return error_response(message.error());
  const auto& content = (*message)->content;
  net::HttpResponse response{200, "message/rfc822", content.header + "\r\n", {}};
  if (content.body) {
    response.body += *content.body;
  } else {
    response.headers["X-Postern-Body-File"] = content.body_file;
  }
  co_return response;
}

Answer queue_change(Call call) {
  const std::string id = call.path.at(0);
  const std::string action = call.path.at(1);
  auto& spool = call.with->spool;
  const auto now = call.with->clock.wall_now();
  base::Result<std::size_t> touched = std::size_t{0};
  if (action == "flush") {
    touched = co_await spool.make_due(id, now);
  } else if (action == "hold") {
    touched = co_await spool.hold(id, "held by the operator");
  } else {
    touched = co_await spool.release(id, now);
  }
  if (action != "hold") call.with->wake_delivery();
  auto response = co_await counted(std::move(call), touched);
  co_return response;
}

Answer queue_remove(Call call) {
  const auto touched = co_await call.with->spool.remove(call.path.at(0));
  auto response = co_await counted(std::move(call), touched);
  co_return response;
}

}  // namespace postern::admin
