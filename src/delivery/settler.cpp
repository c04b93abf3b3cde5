#include "settler.hpp"

#include "reasons.hpp"

#include <algorithm>

namespace postern::delivery {

namespace {

constexpr std::string_view outcome_name = "postern_deliveries_total";
constexpr std::string_view outcome_help = "Delivery attempts by recipient and outcome";
constexpr std::string_view dkim_name = "postern_dkim_signatures_total";
constexpr std::string_view dkim_help = "Messages by result of DKIM signing";

double unit(base::Random& random) {
  return static_cast<double>(random.next() >> 11) / 9007199254740992.0;
}

std::string reply_text(const RecipientResult& result) {
  return result.reply.code != 0 ? result.reply.to_string() : result.error;
}

bool is_upstreams_failure(const Outcome& outcome) {
  return outcome.scope == Scope::connection || outcome.scope == Scope::account;
}

}  // namespace

DeliveryMetrics::DeliveryMetrics(base::Metrics& r)
    : registry(r),
      delivered(
          r.counter("postern_messages_delivered_total", "Messages handed to the upstream, by transaction")),
      sent(r.counter(outcome_name, outcome_help, {{"outcome", "sent"}})),
      retried(r.counter(outcome_name, outcome_help, {{"outcome", "deferred"}})),
      held(r.counter(outcome_name, outcome_help, {{"outcome", "held"}})),
      bounced(r.counter(outcome_name, outcome_help, {{"outcome", "bounced"}})),
      dkim_signed(r.counter(dkim_name, dkim_help, {{"result", "signed"}})),
      dkim_no_key(r.counter(dkim_name, dkim_help, {{"result", "no_key"}})),
      dkim_failed(r.counter(dkim_name, dkim_help, {{"result", "failed"}})),
      seconds(r.histogram("postern_delivery_seconds", "From acceptance to the upstream's 250",
                          {0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3600})),
      last_delivery(r.gauge("postern_last_delivery_timestamp_seconds",
                            "Unix time of the last message the upstream took")) {
  throttled("rate");
  throttled("quota");
  throttled("connections");
}

base::Counter& DeliveryMetrics::deliveries(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::sent:
      return sent;
    case Outcome::Kind::retry:
      return retried;
    case Outcome::Kind::hold:
      return held;
    case Outcome::Kind::bounce:
      return bounced;
  }
  return retried;
}

base::Counter& DeliveryMetrics::throttled(std::string_view kind) {
  return registry.counter("postern_upstream_throttled_total", "Refusals of the upstream because of a limit",
                          {{"kind", std::string(kind)}});
}

base::Task<base::Result<void>> Settler::settle(const spool::Message& message,
                                               const std::vector<spool::Recipient>& recipients,
                                               const TransmissionResult& result, const Settings& settings,
                                               base::Duration pause) {
  std::vector<spool::Settlement> settlements;
  std::vector<ledger::Row> rows;
  bool any_sent = false;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const auto& one = result.recipients[i];
    auto settled = settlement(message, recipients[i], one, settings, pause);
    auto entry = row(message, recipients[i], one, settled, result.relay);
    log(message, entry, one);
    count(message, one, settled);
    any_sent = any_sent || one.outcome.kind == Outcome::Kind::sent;
    settlements.push_back(std::move(settled));
    rows.push_back(std::move(entry));
  }
  if (any_sent) metrics_.delivered.add();
  auto recorded = co_await deps_.ledger.record_and_wait(std::move(rows));
  if (!recorded) deps_.log.error("ledger", {{"id", message.id}, {"reason", recorded.error().message}});
  auto settled = co_await deps_.spool.settle(message.id, std::move(settlements));
  // not_found: an operator deleted it meanwhile.
  if (!settled && settled.error().code != base::Errc::not_found) {
    deps_.log.error("settle", {{"id", message.id},
                               {"reason", settled.error().message},
                               {"effect", "the message stays in the spool and may be sent again"}});
  }
  co_return settled;
}

std::optional<base::WallTime> Settler::take_earliest_due() {
  return std::exchange(earliest_due_, std::nullopt);
}

spool::Settlement Settler::settlement(const spool::Message& message, const spool::Recipient& recipient,
                                      const RecipientResult& result, const Settings& settings,
                                      base::Duration pause) {
  spool::Settlement out;
  out.number = recipient.number;
  out.reply = reply_text(result);
  const auto now = deps_.clock.wall_now();
  switch (result.outcome.kind) {
    case Outcome::Kind::sent:
    case Outcome::Kind::bounce:
      out.kind = spool::Settlement::Kind::done;
      return out;
    case Outcome::Kind::hold:
      out.kind = spool::Settlement::Kind::hold;
      out.hold_reason = result.outcome.reason;
      return out;
    case Outcome::Kind::retry:
      break;
  }
  out.kind = spool::Settlement::Kind::retry;
  if (is_upstreams_failure(result.outcome) && now - message.arrived < settings.retry.lifetime) {
    out.count_attempt = false;
    out.due = now + pause;
  } else {
    const auto next =
        next_attempt(settings.retry, message.arrived, now, recipient.attempts + 1, unit(deps_.random));
    if (!next) {
      out.kind = spool::Settlement::Kind::done;
      return out;
    }
    out.due = *next;
  }
  earliest_due_ = earliest_due_ ? std::min(*earliest_due_, out.due) : out.due;
  return out;
}

ledger::Row Settler::row(const spool::Message& message, const spool::Recipient& recipient,
                         const RecipientResult& result, const spool::Settlement& settled,
                         const std::string& relay) const {
  ledger::Row row;
  row.id = message.id;
  row.recipient = recipient.number;
  row.attempt = recipient.attempts + 1;
  row.time = deps_.clock.wall_now();
  row.arrived = message.arrived;
  row.from = message.sender;
  row.to = recipient.address;
  row.stream = message.stream;
  row.client = message.client;
  row.size = message.content.size();
  row.relay = relay;
  row.dsn = result.outcome.dsn;
  row.reply = settled.reply;
  row.ses_id = result.ses_id;
  row.reason = result.outcome.reason;
  switch (settled.kind) {
    case spool::Settlement::Kind::done:
      row.status =
          result.outcome.kind == Outcome::Kind::sent ? ledger::Status::sent : ledger::Status::bounced;
      if (result.outcome.kind == Outcome::Kind::retry) row.reason = "expired";
      break;
    case spool::Settlement::Kind::retry:
      row.status = ledger::Status::deferred;
      break;
    case spool::Settlement::Kind::hold:
      row.status = ledger::Status::held;
      break;
  }
  return row;
}

void Settler::log(const spool::Message& message, const ledger::Row& row,
                  const RecipientResult& result) const {
  const double delay = std::chrono::duration<double>(row.time - message.arrived).count();
  const auto level = row.status == ledger::Status::sent ? base::LogLevel::info : base::LogLevel::warn;
  deps_.log.write(level, "delivery",
                  {{"id", row.id},
                   {"from", row.from},
                   {"to", row.to},
                   {"relay", row.relay},
                   {"delay", delay},
                   {"dsn", row.dsn},
                   {"status", ledger::to_string(row.status)},
                   {"reply", row.reply},
                   {"ses_id", row.ses_id},
                   {"reason", result.outcome.kind == Outcome::Kind::sent ? std::string_view()
                                                                         : std::string_view(row.reason)}});
}

void Settler::count(const spool::Message& message, const RecipientResult& result,
                    const spool::Settlement& settled) {
  const bool expired =
      result.outcome.kind == Outcome::Kind::retry && settled.kind == spool::Settlement::Kind::done;
  metrics_.deliveries(expired ? Outcome::Kind::bounce : result.outcome.kind).add();
  if (result.outcome.reason == reason::throttled) metrics_.throttled("rate").add();
  if (result.outcome.reason == reason::quota) metrics_.throttled("quota").add();
  if (result.outcome.reason == reason::too_many_connections) metrics_.throttled("connections").add();
  if (result.outcome.kind != Outcome::Kind::sent) return;
  const auto now = deps_.clock.wall_now();
  metrics_.seconds.observe(std::chrono::duration<double>(now - message.arrived).count());
  metrics_.last_delivery.set(std::chrono::duration<double>(now.time_since_epoch()).count());
}

}  // namespace postern::delivery
