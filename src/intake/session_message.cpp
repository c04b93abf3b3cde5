// The part of Session that takes a message: body, header, verdict, spool.
#include <chrono>
#include <utility>

#include "postern/mail/from.hpp"
#include "postern/mail/header_block.hpp"
#include "replies.hpp"
#include "session.hpp"

namespace postern::intake {

base::Task<void> Session::receive() {
  set_deadline(settings_->data_timeout);
  BodyLimits limits{settings_->message_size, settings_->reject_bare_newline};
  BodyReader body_reader(reader_, deps_.disk, deps_.memory, limits,
                         deps_.spool.new_body_path(transaction_->id));
  auto body = co_await body_reader.read();
  if (!body) {
    // The client is gone or silent in the middle of its message: it keeps the mail, nothing was acknowledged.
    deps_.log.info("lost", {{"id", transaction_->id},
                            {"client", stream_->peer().to_string()},
                            {"from", transaction_->sender},
                            {"reason", body.error().message}});
    if (body.error().code == base::Errc::timeout) co_await say_and_close(replies::idle_too_long());
    if (body.error().code == base::Errc::cancelled) co_await say_and_close(replies::shutting_down());
    open_ = false;
    co_return;
  }
  const auto began = deps_.clock.steady_now();
  auto reply = co_await accept(std::move(*body));
  metrics_.accept_seconds.observe(std::chrono::duration<double>(deps_.clock.steady_now() - began).count());
  protocol_.body_done();
  queue(reply);
}

base::Task<smtp::Reply> Session::accept(Body body) {
  if (body.problem != BodyProblem::none) {
    auto reply = replies::for_body_problem(body.problem);
    note_refused(reply, body.detail);
    co_return reply;
  }
  auto header = mail::HeaderBlock::parse(body.header);
  if (!header) {
    mail::Refused refused{mail::Refusal::malformed_header, header.error().message};
    auto reply = replies::for_refused_header(refused);
    note_refused(reply, refused.detail);
    co_return reply;
  }
  const auto fixed = mail::fix(*header, settings_->fixups, settings_->policy->rewrite, trace());
  if (!fixed) {
    auto reply = replies::for_refused_header(fixed.error());
    note_refused(reply, fixed.error().detail);
    co_return reply;
  }
  const auto verdict = co_await check_message(*header);
  if (verdict.kind != policy::Verdict::Kind::keep) {
    auto reply = replies::for_sender(verdict);
    note_refused(reply, verdict.detail);
    co_return reply;
  }
  std::string bytes = header->bytes();
  auto reply = co_await store(std::move(body), std::move(bytes));
  co_return reply;
}

// Whether From may be used, and whether receivers would take it from SES.
base::Task<policy::Verdict> Session::check_message(mail::HeaderBlock& header) {
  auto from = mail::from_addresses(header);
  auto verdict = deps_.gate.check_from(*settings_->policy, from);
  const bool goes_on = verdict.kind == policy::Verdict::Kind::keep && !transaction_->recipients.empty();
  if (!goes_on || deps_.message_gate == nullptr) co_return verdict;
  policy::MessageFacts facts(transaction_->id, transaction_->sender, std::move(from));
  auto checked = co_await deps_.message_gate->check(settings_->policy, std::move(facts));
  if (checked.found) {
    transaction_->alignment = policy::alignment_text(*checked.found);
    header.prepend("X-Postern-Alignment", transaction_->alignment);
  }
  co_return std::move(checked.verdict);
}

base::Task<smtp::Reply> Session::store(Body body, std::string header) {
  if (transaction_->recipients.empty()) {
    note_dropped();
    co_return replies::all_dropped();
  }
  const auto message = make_message(body, std::move(header));
  // The file is the spool's before the row that names it is on disk: should this session be torn down while
  // it waits, a file without a row is swept at the next start, a row without its file would be a loss.
  if (body.file) body.file->keep();
  auto stored = co_await deps_.spool.append(message);
  if (!stored) {
    // After an I/O error nobody knows whether the row is there: then the file stays too.
    if (body.file && stored.error().code != base::Errc::io) body.file->give_up();
    auto reply = replies::for_store_error(stored.error());
    note_refused(reply, stored.error().message);
    co_return reply;
  }
  // From here on the message is ours.
  note_dropped();
  note_accepted(*message);
  co_return replies::queued(message->id);
}

}  // namespace postern::intake
