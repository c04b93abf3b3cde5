#include "session.hpp"

#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <utility>

#include "postern/mail/address.hpp"
#include "replies.hpp"

namespace postern::intake {

namespace {

smtp::ServerOptions protocol_options(const Settings& settings) {
  smtp::ServerOptions options;
  options.hostname = settings.hostname;
  options.max_size = settings.message_size;
  options.max_recipients = settings.recipients;
  options.max_errors = settings.errors;
  return options;
}

}  // namespace

Session::Session(std::unique_ptr<net::Stream> stream, Dependencies& dependencies, Clients& clients,
                 IntakeMetrics& metrics)
    : stream_(std::move(stream)),
      deps_(dependencies),
      clients_(clients),
      metrics_(metrics),
      settings_(deps_.settings()),
      reader_(*stream_),
      protocol_(protocol_options(*settings_)) {}

base::Task<void> Session::run() {
  // Cancellation is a result of the pending read here, never an exception of the next await: the 421 has to
  // go out.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const auto& peer = stream_->peer();
  const auto verdict = deps_.gate.check_client(*settings_->policy, peer.address, peer.is_local_socket);
  if (verdict.kind != policy::Verdict::Kind::keep) {
    deps_.log.warn("refused", {{"client", peer.to_string()}, {"reason", "not in access.networks"}});
    co_await say_and_close(replies::for_client(verdict));
    co_return;
  }
  queue(protocol_.greeting());
  std::string line;
  while (open_) {
    const bool got = co_await read_line(line);
    if (!got) break;
    smtp::Step step = protocol_.line(line);
    co_await act(std::move(step));
    if (stopping_ && !protocol_.in_transaction()) co_await say_and_close(replies::shutting_down());
  }
}

base::Task<bool> Session::read_line(std::string& line) {
  bool begun = false;  // a line has its time in all: bytes that keep coming win none
  while (open_) {
    if (const auto whole = reader_.take_line()) {
      if (whole->size() <= smtp::ServerProtocol::max_line) {
        line.assign(*whole);
        co_return true;
      }
      co_await act(protocol_.line_too_long());
      continue;
    }
    const bool sent = co_await flush();
    if (!sent) co_return false;
    if (!std::exchange(begun, true)) set_deadline(settings_->command_timeout);
    if (reader_.line_too_long(smtp::ServerProtocol::max_line)) {
      co_await skip_line();
      begun = false;
    } else {
      co_await fill();
    }
  }
  co_return false;
}

// A line without end is thrown away as it comes in, and answered once it has ended.
base::Task<void> Session::skip_line() {
  while (!reader_.discard_line()) {
    co_await fill();
    if (!open_) co_return;
  }
  co_await act(protocol_.line_too_long());
}

// Reads more of a command, or ends the session: the client is silent, or gone, or there is no time for it.
base::Task<void> Session::fill() {
  waiting_ = true;
  auto filled = co_await reader_.fill();
  waiting_ = false;
  if (filled) co_return;
  open_ = false;
  if (filled.error().code == base::Errc::timeout) co_await say_and_close(replies::idle_too_long());
  if (filled.error().code == base::Errc::cancelled) co_await say_and_close(replies::shutting_down());
}

base::Task<void> Session::act(smtp::Step step) {
  switch (step.action) {
    case smtp::Action::reply:
      queue(step.reply);
      break;
    case smtp::Action::reply_and_close:
      co_await say_and_close(std::move(step.reply));
      break;
    case smtp::Action::check_sender:
      co_await check_sender(std::move(step.mail));
      break;
    case smtp::Action::check_recipient:
      co_await check_recipient(std::move(step.rcpt.path));
      break;
    case smtp::Action::read_body: {
      queue(step.reply);
      const bool sent = co_await flush();
      if (sent) co_await receive();
      break;
    }
    case smtp::Action::check_auth:
      queue(protocol_.auth_checked(false));
      break;  // not offered
    case smtp::Action::start_tls:
      open_ = false;
      break;  // not offered
  }
  if (!protocol_.in_transaction()) transaction_.reset();
}

base::Task<void> Session::check_sender(smtp::MailCommand mail) {
  std::string sender;
  auto reply = protocol_.sender_checked(sender_verdict(mail, sender));
  if (reply.positive()) {
    transaction_.emplace();
    transaction_->id = base::make_id(deps_.clock.wall_now(), deps_.random);
    transaction_->sender = std::move(sender);
    if (deps_.message_gate != nullptr) deps_.message_gate->expect(settings_->policy, transaction_->sender);
  } else {
    deps_.log.info(
        "refused",
        {{"client", stream_->peer().to_string()}, {"from", mail.path}, {"reply", reply.to_string()}});
  }
  co_await answer(std::move(reply));
}

smtp::Reply Session::sender_verdict(const smtp::MailCommand& mail, std::string& sender) {
  if (!room_on_disk(mail.size.value_or(0))) return replies::disk_full();
  const auto now = deps_.clock.steady_now();
  if (!clients_.may_send(stream_->peer(), settings_->messages_per_minute_per_client, now))
    return replies::too_fast();
  auto verdict = deps_.gate.check_sender(*settings_->policy, mail.path);
  sender = std::move(verdict.address);
  return replies::for_sender(verdict);
}

bool Session::room_on_disk(std::uint64_t announced) const {
  if (deps_.free_disk() < settings_->min_free + announced) return false;
  if (settings_->spool_size == 0) return true;
  return deps_.spool.totals().bytes + announced <= settings_->spool_size;
}

base::Task<void> Session::check_recipient(std::string path) {
  auto verdict = co_await deps_.gate.check_recipient(settings_->policy, path);
  auto reply = protocol_.recipient_checked(replies::for_recipient(verdict));
  if (reply.positive()) {
    add_recipient(std::move(verdict));
  } else {
    deps_.log.info("refused", {{"id", transaction_->id},
                               {"client", stream_->peer().to_string()},
                               {"from", transaction_->sender},
                               {"to", path},
                               {"reply", reply.to_string()}});
  }
  co_await answer(std::move(reply));
}

void Session::add_recipient(policy::Verdict verdict) {
  if (verdict.kind == policy::Verdict::Kind::drop) {
    transaction_->dropped.push_back({std::move(verdict.address), std::move(verdict.detail)});
    return;
  }
  auto& recipient = transaction_->recipients.emplace_back();
  recipient.number = static_cast<int>(transaction_->recipients.size() - 1);
  recipient.address = std::move(verdict.address);
  if (verdict.kind == policy::Verdict::Kind::hold) {
    recipient.state = spool::RecipientState::held;
    recipient.hold_reason = std::move(verdict.detail);
  }
}

void Session::queue(const smtp::Reply& reply) {
  out_ += smtp::render(reply);
}

// The protocol turns a reply into 421 when the client has made too many errors: that ends the session.
base::Task<void> Session::answer(smtp::Reply reply) {
  if (reply.code == 421) {
    co_await say_and_close(std::move(reply));
  } else {
    queue(reply);
  }
}

base::Task<bool> Session::flush() {
  if (out_.empty()) co_return true;
  set_deadline(settings_->command_timeout);
  auto written = co_await stream_->write(out_);
  if (!written) {
    open_ = false;
    // A client that did not hear its 250 sends again: this line explains the duplicate.
    if (out_.find(" queued as ") != std::string::npos)
      deps_.log.warn("reply_lost", {{"client", stream_->peer().to_string()},
                                    {"reply", out_},
                                    {"reason", written.error().message},
                                    {"effect", "the message is queued here"}});
  }
  out_.clear();
  co_return !written.has_error();
}

base::Task<void> Session::say_and_close(smtp::Reply reply) {
  queue(reply);
  open_ = false;
  stream_->set_deadline(deps_.clock.steady_now() + std::chrono::seconds(1));
  co_await stream_->write(out_);
  out_.clear();
  co_await stream_->close();
}

void Session::set_deadline(base::Duration allowed) {
  stream_->set_deadline(deps_.clock.steady_now() + allowed);
}

}  // namespace postern::intake
