#include "admin/json.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace postern::admin {

namespace json = boost::json;

namespace {

// What came from a peer may hold any bytes; JSON is UTF-8.
std::string ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return out;
}

std::int64_t seconds(base::WallTime when) {
  return std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
}

int status_of(base::Errc code) {
  using base::Errc;
  if (code == Errc::invalid) return 400;
  if (code == Errc::not_found) return 404;
  const bool later = code == Errc::full || code == Errc::busy || code == Errc::closed ||
                     code == Errc::unavailable || code == Errc::cancelled;
  return later ? 503 : 500;
}

json::object recipient_row(const spool::Recipient& recipient) {
  const bool held = recipient.state == spool::RecipientState::held;
  json::object out;
  out["address"] = ascii(recipient.address);
  const std::string& reason = held ? recipient.hold_reason : recipient.last_reply;
  if (!reason.empty()) out["delay_reason"] = ascii(reason);
  out["state"] = held ? "held" : "queued";
  out["attempts"] = recipient.attempts;
  if (!held) out["due"] = base::to_rfc3339(recipient.due);
  if (held && !recipient.last_reply.empty()) out["last_reply"] = ascii(recipient.last_reply);
  return out;
}

}  // namespace

json::object queue_row(const spool::Message& message, bool in_flight) {
  json::array recipients;
  int attempts = 0;
  auto due = base::WallTime::max();
  for (const auto& recipient : message.recipients) {
    recipients.push_back(recipient_row(recipient));
    attempts = std::max(attempts, recipient.attempts);
    if (recipient.state == spool::RecipientState::queued) due = std::min(due, recipient.due);
  }
  const bool held = due == base::WallTime::max();
  json::object out;
  out["queue_name"] = in_flight ? "active" : held ? "hold" : "deferred";
  out["queue_id"] = message.id;
  out["arrival_time"] = seconds(message.arrived);
  out["message_size"] = message.content.size();
  out["forced_expire"] = false;
  out["sender"] = ascii(message.sender);
  out["recipients"] = std::move(recipients);
  out["stream"] = ascii(message.stream);
  out["client"] = ascii(message.client);
  out["attempts"] = attempts;
  out["due"] = held ? json::value(nullptr) : json::value(base::to_rfc3339(due));
  return out;
}

json::object to_json(const suppression::Entry& entry) {
  json::object out;
  out["address"] = ascii(entry.address);
  out["reason"] = entry.reason;
  out["source"] = ascii(entry.source);
  out["since"] = base::to_rfc3339(entry.since);
  if (entry.ses) out["ses"] = true;
  if (!entry.also.empty()) {
    json::array also;
    for (const auto& other : entry.also) also.push_back(to_json(other));
    out["also"] = std::move(also);
  }
  return out;
}

json::object to_json(const ledger::Row& row) {
  json::object out;
  out["time"] = base::to_rfc3339(row.time);
  out["id"] = row.id;
  out["from"] = ascii(row.from);
  out["to"] = ascii(row.to);
  out["status"] = std::string(ledger::to_string(row.status));
  out["dsn"] = ascii(row.dsn);
  out["reply"] = ascii(row.reply);
  out["ses_id"] = ascii(row.ses_id);
  out["reason"] = ascii(row.reason);
  out["relay"] = ascii(row.relay);
  out["delay"] = std::chrono::duration<double>(row.time - row.arrived).count();
  out["recipient"] = row.recipient;
  out["attempt"] = row.attempt;
  out["arrived"] = base::to_rfc3339(row.arrived);
  out["stream"] = ascii(row.stream);
  out["client"] = ascii(row.client);
  out["size"] = row.size;
  if (!row.spf.empty()) {
    out["spf"] = ascii(row.spf);
    out["dmarc"] = ascii(row.dmarc);
    out["alignment"] = ascii(row.alignment);
  }
  return out;
}

json::object to_json(const DeliveryView& view) {
  json::object out;
  out["paused"] = view.paused;
  out["in_flight"] = view.in_flight.size();
  if (view.paused) {
    out["reason"] = ascii(view.reason);
    out["since"] = base::to_rfc3339(view.since);
  }
  if (!view.last_error.empty()) out["last_error"] = ascii(view.last_error);
  return out;
}

net::HttpResponse json_response(const json::object& object, int status) {
  net::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = json::serialize(object) + "\n";
  return response;
}

net::HttpResponse error_response(int status, std::string_view message) {
  json::object out;
  out["error"] = ascii(message);
  return json_response(out, status);
}

net::HttpResponse error_response(const base::Error& error) {
  return error_response(status_of(error.code), error.message);
}

}  // namespace postern::admin
