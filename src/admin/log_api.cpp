#include "admin/call.hpp"
#include "admin/json.hpp"

namespace postern::admin {

// ?to= &from= &id= &ses_id= &since= (RFC 3339) &limit=; newest first.
Answer log_search(Call call) {
  const auto limit = limit_of(call, 1000, 10'000);
  if (limit.has_error()) co_return error_response(limit.error());
  ledger::Query query;
  query.to = parameter(call, "to");
  query.from = parameter(call, "from");
  query.id = parameter(call, "id");
  query.ses_id = parameter(call, "ses_id");
  query.limit = *limit;
  const std::string since = parameter(call, "since");
  if (!since.empty()) {
    const auto when = base::from_rfc3339(since);
    if (when.has_error()) co_return error_response(when.error());
    query.since = *when;
  }
  const auto rows = co_await call.with->ledger.search(std::move(query));
  if (rows.has_error()) co_return error_response(rows.error());
  boost::json::array out_rows;
  for (const auto& row : *rows) out_rows.push_back(to_json(row));
  boost::json::object out;
  out["rows"] = std::move(out_rows);
  co_return json_response(out);
}

}  // namespace postern::admin
