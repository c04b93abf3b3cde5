#include "smtp_upstream.hpp"

#include <fmt/format.h>

namespace postern::delivery {

namespace {

constexpr base::Duration idle_limit = std::chrono::seconds(5);
constexpr base::Duration age_limit = std::chrono::seconds(60);
constexpr std::size_t transactions_limit = 100;
constexpr int immediate_tries = 3;

Outcome outcome_of(const Breakdown& why, std::size_t recipients) {
  return why.reply.code != 0 ? classify(why.phase, why.reply, recipients) : classify(why.phase, why.error);
}

}  // namespace

SmtpUpstream::SmtpUpstream(UpstreamSettings settings, base::Executor executor, net::Dialer& dialer,
                           base::Clock& clock, base::Pool& disk, base::Log& log)
    : settings_(std::move(settings)),
      executor_(executor),
      dialer_(dialer),
      clock_(clock),
      disk_(disk),
      reaper_(clock.make_timer(executor)),
      tasks_(executor, clock, log) {}

// A connection that turns out dead before anything was taken costs no attempt: the message goes again at
// once, first on another kept connection, last on a fresh one.
base::Task<TransmissionResult> SmtpUpstream::send(Transmission transmission) {
  for (int tried = 1;; ++tried) {
    Acquired acquired = co_await acquire(tried > 1);
    if (!acquired.connection) co_return broken(transmission, acquired.broken, name());
    auto& connection = *acquired.connection;
    const std::string to = relay(connection);
    Connection::Sent sent = co_await connection.send(transmission);
    TransmissionResult result = answered(transmission, sent, to);
    bool dead = !acquired.fresh && tried < immediate_tries;
    for (const auto& recipient : result.recipients) {
      dead = dead && recipient.outcome.retry_at_once && recipient.outcome.scope == Scope::connection;
    }
    give_back(std::move(acquired.connection));
    if (!dead) co_return result;
  }
}

base::Task<SmtpUpstream::Acquired> SmtpUpstream::acquire(bool fresh_only) {
  Acquired out;
  while (!fresh_only && !idle_.empty()) {
    out.connection = std::move(idle_.front());
    idle_.pop_front();
    const bool alive =
        out.connection->still_open() && clock_.steady_now() - out.connection->idle_since < idle_limit;
    if (alive) co_return out;
    retire(std::move(out.connection));
  }
  out.fresh = true;
  auto opened = co_await Connection::open(settings_, dialer_, clock_, disk_);
  if (opened) {
    out.connection = std::move(*opened);
  } else {
    out.broken = std::move(opened.error());
  }
  co_return out;
}

void SmtpUpstream::give_back(ConnectionPtr connection) {
  const auto now = clock_.steady_now();
  const bool worn = connection->transactions >= transactions_limit || now - connection->opened >= age_limit;
  if (!connection->usable() || worn) {
    retire(std::move(connection));
    return;
  }
  connection->idle_since = now;
  idle_.push_front(std::move(connection));
  if (!reaping_) {
    reaping_ = true;
    tasks_.spawn("close idle connections", close_idle());
  }
}

namespace {

base::Task<void> say_goodbye(std::unique_ptr<Connection> connection) {
  co_await connection->quit();
}

}  // namespace

void SmtpUpstream::retire(ConnectionPtr connection) {
  tasks_.spawn("quit", say_goodbye(std::move(connection)));
}

// Sleeps until the longest idle connection is due; ends when there is none.
base::Task<void> SmtpUpstream::close_idle() {
  while (!idle_.empty()) {
    reaper_->expires_at(idle_.back()->idle_since + idle_limit);
    const bool due = co_await reaper_->wait();
    if (!due) break;
    while (!idle_.empty() && clock_.steady_now() - idle_.back()->idle_since >= idle_limit) {
      retire(std::move(idle_.back()));
      idle_.pop_back();
    }
  }
  reaping_ = false;
}

base::Task<void> SmtpUpstream::close() {
  while (!idle_.empty()) {
    retire(std::move(idle_.front()));
    idle_.pop_front();
  }
  reaper_->cancel();
  co_await tasks_.wait_empty(clock_.steady_now() + std::chrono::seconds(2));
  tasks_.cancel();
}

std::string SmtpUpstream::relay(const Connection& connection) const {
  const auto& peer = connection.peer();
  return fmt::format("{}[{}]:{}", settings_.host, peer.address.to_string(), settings_.port);
}

TransmissionResult SmtpUpstream::broken(const Transmission& transmission, const Breakdown& why,
                                        std::string relay) const {
  TransmissionResult result;
  result.relay = std::move(relay);
  const Outcome outcome = outcome_of(why, transmission.recipients.size());
  for (const auto& recipient : transmission.recipients) {
    result.recipients.push_back({recipient.number, outcome, why.reply, why.error.message, {}});
  }
  return result;
}

// Each recipient's own refusal counts first, then what ended the transaction for all.
TransmissionResult SmtpUpstream::answered(const Transmission& transmission, const Connection::Sent& sent,
                                          std::string relay) const {
  TransmissionResult result;
  result.relay = std::move(relay);
  const auto& replies = sent.replies;
  const std::size_t asked = transmission.recipients.size();
  std::size_t accepted = 0;
  for (const auto& reply : replies.recipients) accepted += reply.positive() ? 1U : 0U;
  for (std::size_t i = 0; i < asked; ++i) {
    RecipientResult one;
    one.number = transmission.recipients[i].number;
    const smtp::Reply to_rcpt = i < replies.recipients.size() ? replies.recipients[i] : smtp::Reply();
    if (replies.mail.code != 0 && !replies.mail.positive()) {
      one.reply = replies.mail;
      one.outcome = classify(Phase::mail, one.reply, asked);
    } else if (to_rcpt.code != 0 && !to_rcpt.positive()) {
      one.reply = to_rcpt;
      one.outcome = classify(Phase::rcpt, one.reply, asked);
    } else if (replies.final.code != 0) {
      one.reply = replies.final;
      one.outcome = classify(Phase::body, one.reply, accepted);
      if (one.outcome.kind == Outcome::Kind::sent) one.ses_id = ses_id(one.reply);
    } else if (replies.data.code != 0 && !replies.data.positive()) {
      one.reply = replies.data;
      one.outcome = classify(Phase::data, one.reply, accepted);
    } else {
      const Breakdown why = sent.broken.value_or(
          Breakdown{Phase::data, {}, base::fail(base::Errc::protocol, "the upstream ended the transaction")});
      one.outcome = outcome_of(why, asked);
      // The connection was good until this message: if it is the message that breaks it, it must not hold up
      // the others.
      if (!one.outcome.retry_at_once) one.outcome.scope = Scope::message;
      one.error = why.error.message;
    }
    result.recipients.push_back(std::move(one));
  }
  return result;
}

}  // namespace postern::delivery
