// What a session writes down of a message: the durable record, the trace field, lines of the log and rows of
// the ledger. The conversation is in session.cpp.
#include "postern/mail/address.hpp"
#include "session.hpp"

namespace postern::intake {

spool::MessagePtr Session::make_message(Body& body, std::string header) {
  auto message = std::make_shared<spool::Message>();
  message->id = transaction_->id;
  message->arrived = deps_.clock.wall_now();
  message->sender = transaction_->sender;
  message->content.header = std::move(header);
  message->content.body = body.memory;
  message->content.body_file = body.file ? body.file->path() : std::string();
  message->content.body_size = body.size;
  message->eight_bit = body.eight_bit;
  message->client = client_name();
  message->stream = stream_name();
  message->recipients = std::move(transaction_->recipients);
  for (auto& recipient : message->recipients) recipient.due = message->arrived;
  return message;
}

std::string Session::client_name() const {
  const auto& peer = stream_->peer();
  return peer.is_local_socket ? "unix" : peer.address.to_string();
}

// Who sends: the client, unless it is this host, behind which many applications may stand.
std::string Session::stream_name() const {
  const auto& peer = stream_->peer();
  const bool anonymous = peer.is_local_socket || peer.address.is_loopback();
  return anonymous ? std::string(mail::domain_of(transaction_->sender)) : client_name();
}

mail::Trace Session::trace() const {
  mail::Trace trace;
  trace.helo = protocol_.helo();
  trace.client = stream_->peer().is_local_socket ? std::string() : stream_->peer().address.to_string();
  trace.protocol = protocol_.protocol_name();
  trace.id = transaction_->id;
  trace.sender = transaction_->sender;
  trace.when = deps_.clock.wall_now();
  const bool single = transaction_->recipients.size() == 1 && transaction_->dropped.empty();
  if (single) trace.single_recipient = transaction_->recipients.front().address;
  return trace;
}

void Session::note_dropped() {
  if (transaction_->dropped.empty()) return;
  std::vector<ledger::Row> rows;
  // Numbers behind those of the recipients that are kept: they are one list in the ledger.
  int number = static_cast<int>(protocol_.recipients());
  for (const auto& dropped : transaction_->dropped) {
    deps_.log.info("delivery", {{"id", transaction_->id},
                                {"from", transaction_->sender},
                                {"to", dropped.address},
                                {"client", stream_->peer().to_string()},
                                {"relay", "none"},
                                {"status", "suppressed"},
                                {"reason", dropped.detail}});
    ledger::Row row;
    row.id = transaction_->id;
    row.recipient = number++;
    row.time = row.arrived = deps_.clock.wall_now();
    row.from = transaction_->sender;
    row.to = dropped.address;
    row.client = client_name();
    row.stream = stream_name();
    row.status = ledger::Status::suppressed;
    row.reason = dropped.detail;
    rows.push_back(std::move(row));
  }
  deps_.ledger.record(std::move(rows));
}

void Session::note_accepted(const spool::Message& message) {
  metrics_.received.add();
  deps_.log.info("queued", {{"id", message.id},
                            {"from", message.sender},
                            {"client", stream_->peer().to_string()},
                            {"helo", protocol_.helo()},
                            {"size", message.content.size()},
                            {"nrcpt", message.recipients.size()},
                            {"alignment", transaction_->alignment}});
}

void Session::note_refused(const smtp::Reply& reply, std::string_view detail) {
  metrics_.refused.add();
  deps_.log.warn("refused", {{"id", transaction_->id},
                             {"from", transaction_->sender},
                             {"client", stream_->peer().to_string()},
                             {"reply", reply.to_string()},
                             {"reason", detail}});
}

}  // namespace postern::intake
