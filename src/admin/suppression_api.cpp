#include <boost/json/value.hpp>
#include <optional>

#include "admin/call.hpp"
#include "admin/json.hpp"
#include "postern/mail/address.hpp"

namespace postern::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t most_rows = 1000;
constexpr std::size_t most_imported = 10'000;

base::Result<std::string> text_of(const json::object& object, std::string_view name, std::string_view usual) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::string(usual);
  if (!value->is_string()) return base::fail(base::Errc::invalid, std::string(name) + ": not a string");
  return std::string(value->get_string());
}

base::Result<suppression::Entry> entry_of(const json::object& object, base::WallTime now) {
  const auto address = text_of(object, "address", "");
  const auto reason = text_of(object, "reason", "MANUAL");
  const auto source = text_of(object, "source", "manual");
  const auto since = text_of(object, "since", base::to_rfc3339(now));
  for (const auto* text : {&address, &reason, &source, &since})
    if (text->has_error()) return text->error();
  const auto parsed = mail::parse_mailbox(*address);
  if (parsed.has_error()) return base::fail(base::Errc::invalid, "address: " + parsed.error().message);
  if (*reason != "BOUNCE" && *reason != "COMPLAINT" && *reason != "MANUAL")
    return base::fail(base::Errc::invalid, "reason: BOUNCE, COMPLAINT or MANUAL, not \"" + *reason + "\"");
  const auto when = base::from_rfc3339(*since);
  if (when.has_error()) return when.error();
  return suppression::Entry{*parsed, *reason, *source, *when, false, {}};
}

json::array to_json(const std::vector<suppression::ImportProblem>& problems) {
  json::array out;
  for (const auto& problem : problems) {
    json::object row;
    row["line"] = problem.line;
    row["message"] = problem.message;
    out.push_back(std::move(row));
  }
  return out;
}

net::HttpResponse needs_daemon() {
  return error_response(503, "only the running daemon talks to SES: start postern serve");
}

void put_time(json::object& out, std::string_view name, const std::optional<base::WallTime>& when) {
  if (when) out[name] = base::to_rfc3339(*when);
}

json::object to_json(const SyncView& view) {
  json::object out;
  out["enabled"] = view.enabled;
  out["last_id"] = view.last_id;
  put_time(out, "last_good", view.last_good);
  put_time(out, "last_full", view.last_full);
  out["entries"] = view.entries;
  if (view.running) {
    json::object running;
    running["id"] = view.running->id;
    running["since"] = base::to_rfc3339(view.running->since);
    running["pages"] = view.running->pages;
    running["entries"] = view.running->entries;
    running["expected"] = view.running->expected;
    running["entries_per_second"] = view.running->entries_per_second;
    out["running"] = std::move(running);
  }
  if (view.finished) {
    json::object finished;
    finished["id"] = view.finished->id;
    finished["good"] = view.finished->good;
    finished["message"] = view.finished->message;
    out["finished"] = std::move(finished);
  }
  out["last_error"] = view.last_error;
  out["doubt"] = view.doubt;
  json::array differences;
  for (const auto& difference : view.differences) differences.emplace_back(difference);
  out["differences"] = std::move(differences);
  out["differences_unknown"] = view.differences_unknown;
  out["clock_skew"] = std::chrono::duration<double>(view.clock_skew).count();
  return out;
}

}  // namespace

Answer suppression_sync_status(Call call) {
  if (!call.with->sync.view) co_return needs_daemon();
  co_return json_response(to_json(call.with->sync.view()));
}

// A full pass; its id, to be looked for in the status.
Answer suppression_sync_start(Call call) {
  if (!call.with->sync.request_full) co_return needs_daemon();
  json::object out;
  out["id"] = call.with->sync.request_full(parameter(call, "force") == "true");
  co_return json_response(out);
}

Answer suppression_account_reasons(Call call) {
  if (!call.with->sync.write_account_reasons) co_return needs_daemon();
  const auto written = co_await call.with->sync.write_account_reasons();
  if (written.has_error()) co_return error_response(written.error());
  json::object out;
  out["written"] = true;
  co_return json_response(out);
}

// "next" is the `after` of the next page, missing on the last.
Answer suppression_list(Call call) {
  const auto limit = limit_of(call, most_rows, most_rows);
  if (limit.has_error()) co_return error_response(limit.error());
  const auto entries = co_await call.with->suppression.list(*limit, parameter(call, "after"));
  if (entries.has_error()) co_return error_response(entries.error());
  json::array rows;
  for (const auto& entry : *entries) rows.push_back(admin::to_json(entry));
  json::object out;
  out["entries"] = std::move(rows);
  out["total"] = call.with->suppression.size();
  if (entries->size() == *limit) out["next"] = entries->back().address;
  co_return json_response(out);
}

Answer suppression_get(Call call) {
  const auto found = co_await call.with->suppression.find(call.path.at(0));
  if (found.has_error()) co_return error_response(found.error());
  if (!*found) co_return error_response(404, call.path.at(0) + " is not on the suppression list");
  co_return json_response(admin::to_json(**found));
}

Answer suppression_add(Call call) {
  const auto object = body_object(call);
  if (object.has_error()) co_return error_response(object.error());
  const auto entry = entry_of(*object, call.with->clock.wall_now());
  if (entry.has_error()) co_return error_response(entry.error());
  if (parameter(call, "ses") == "true") {
    if (!call.with->sync.put) co_return needs_daemon();
    if (entry->reason == "MANUAL")
      co_return error_response(400, "SES knows the reasons BOUNCE and COMPLAINT only");
    const auto put = co_await call.with->sync.put(entry->address, entry->reason);
    if (put.has_error()) co_return error_response(put.error());
    co_return json_response(admin::to_json(*entry));
  }
  const auto added = co_await call.with->suppression.add(*entry);
  if (added.has_error()) co_return error_response(added.error());
  co_return json_response(admin::to_json(*entry));
}

Answer suppression_remove(Call call) {
  const std::string address = call.path.at(0);
  const bool at_ses = parameter(call, "ses") == "true";
  if (at_ses && !call.with->sync.remove) co_return needs_daemon();
  const auto before = co_await call.with->suppression.find(address);
  base::Result<bool> removed = false;
  if (at_ses) {
    removed = co_await call.with->sync.remove(address);
  } else {
    removed = co_await call.with->suppression.remove(address);
  }
  if (removed.has_error()) co_return error_response(removed.error());
  if (!*removed) co_return error_response(404, address + " is not on the suppression list");
  json::object out;
  out["removed"] = true;
  out["still_at_ses"] = !at_ses && before && *before && (*before)->ses;
  co_return json_response(out);
}

// Lines that can't be read are reported, the others taken.
Answer suppression_import(Call call) {
  auto imported = suppression::parse_import(call.request.body, call.with->clock.wall_now());
  const std::size_t entries = imported.entries.size();
  if (entries > most_imported) co_return error_response(400, "more than 10000 entries in one call");
  const auto added = co_await call.with->suppression.import(std::move(imported.entries));
  if (added.has_error()) co_return error_response(added.error());
  json::object out;
  out["entries"] = entries;
  out["new"] = *added;
  out["problems"] = to_json(imported.problems);
  co_return json_response(out);
}

}  // namespace postern::admin
