#include "session.hpp"

#include <algorithm>
#include <utility>

#include "api_signature.hpp"
#include "outcome.hpp"
#include "postern/smtp/dot_codec.hpp"
#include "ses_id.hpp"

namespace postern::sandbox {
namespace {

std::string random_letters(std::size_t length, base::Random& random) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string word;
  while (word.size() < length) word += letters[random.next() % letters.size()];
  return word;
}

// EHLO as SES has it: nothing but 8BITMIME, STARTTLS and AUTH, and a last line that is no keyword.
smtp::ServerOptions protocol_options(const Options& options, base::Random& random) {
  smtp::ServerOptions protocol;
  protocol.hostname = "email-smtp.amazonaws.com";
  protocol.greeting =
      "ESMTP SimpleEmailService-d-" + random_letters(9, random) + " " + random_letters(20, random);
  protocol.max_size = options.max_size;
  protocol.pipelining = protocol.size_keyword = protocol.enhanced_codes = false;
  protocol.offer_starttls = options.tls == TlsMode::starttls;
  protocol.require_tls = protocol.require_auth = protocol.offer_auth = true;
  protocol.ehlo_lines = {"Ok"};
  return protocol;
}

smtp::Reply accepted() {
  smtp::Reply reply;
  reply.code = 250;
  return reply;
}

}  // namespace

Session::Session(std::shared_ptr<Connection> connection, Service& service)
    : connection_(std::move(connection)),
      service_(service),
      protocol_(protocol_options(service.options, service.random)) {}

base::Task<void> Session::run() {
  co_await serve();
  co_await connection_->close();
}

base::Task<void> Session::serve() {
  if (service_.options.tls == TlsMode::implicit) {
    const bool encrypted = co_await connection_->start_tls(service_.tls);
    if (!encrypted) co_return;
    protocol_.tls_started();
  }
  bool open = co_await say(protocol_.greeting());
  while (open) {
    const auto step = co_await next_step();
    if (!step) co_return;
    open = co_await obey(*step);
  }
}

base::Task<std::optional<smtp::Step>> Session::next_step() {
  constexpr auto longest = smtp::ServerProtocol::max_line;
  for (;;) {
    if (const auto line = connection_->reader().take_line())
      co_return line->size() > longest ? protocol_.line_too_long() : protocol_.line(*line);
    const bool too_long = connection_->reader().line_too_long(longest);
    if (too_long) {
      const bool skipped = co_await skip_line();
      if (!skipped) co_return std::nullopt;
      co_return protocol_.line_too_long();
    }
    const bool more = co_await connection_->fill();
    if (!more) co_return std::nullopt;
  }
}

base::Task<bool> Session::skip_line() {
  while (!connection_->reader().discard_line()) {
    const bool more = co_await connection_->fill();
    if (!more) co_return false;
  }
  co_return true;
}

base::Task<bool> Session::obey(const smtp::Step& step) {
  bool open = true;
  if (step.action == smtp::Action::read_body) {
    open = co_await take_message(step);
  } else if (step.action == smtp::Action::start_tls) {
    open = co_await start_tls(step);
  } else {
    auto reply = answer(step);
    open = co_await say(std::move(reply));
  }
  co_return open&& step.action != smtp::Action::reply_and_close;
}

smtp::Reply Session::answer(const smtp::Step& step) {
  if (step.action == smtp::Action::check_sender) return check_sender(step.mail);
  if (step.action == smtp::Action::check_recipient) return check_recipient(step.rcpt);
  if (step.action == smtp::Action::check_auth) return check_auth(step.auth);
  return step.reply;
}

base::Task<bool> Session::say(smtp::Reply reply) {
  const bool sent = co_await connection_->send(smtp::render(reply));
  co_return sent&& reply.code != 421;
}

base::Task<bool> Session::start_tls(const smtp::Step& step) {
  const bool sent = co_await say(step.reply);
  if (!sent) co_return false;
  const bool encrypted = co_await connection_->start_tls(service_.tls);
  if (encrypted) protocol_.tls_started();
  co_return encrypted;
}

base::Task<bool> Session::take_message(const smtp::Step& step) {
  const bool sent = co_await say(step.reply);
  if (!sent) co_return false;
  Data data;
  const bool whole = co_await receive(data);
  if (!whole) co_return false;
  auto reply = judge(data);
  protocol_.body_done();
  const bool open = co_await say(std::move(reply));
  co_return open;
}

// Bytes are taken as they come: a relay that lets a bare LF through shall be seen to do so.
base::Task<bool> Session::receive(Data& data) {
  smtp::DotDecoder decoder(false);
  while (!decoder.done()) {
    if (connection_->reader().pending().empty()) {
      const bool more = co_await connection_->fill();
      if (!more) co_return false;
    }
    const auto used = decoder.feed(connection_->reader().pending(), data.bytes);
    connection_->reader().consume(used);
    data.too_long = data.too_long || data.bytes.size() > service_.options.max_size;
    if (data.too_long) data.bytes.clear();
  }
  co_return true;
}

smtp::Reply Session::check_sender(const smtp::MailCommand& mail) {
  envelope_ = Envelope{mail.path, {}};
  if (!is_sender(mail.path))
    return protocol_.sender_checked(smtp::Reply(501, {}, "Invalid MAIL FROM address provided"));
  return protocol_.sender_checked(accepted());
}

smtp::Reply Session::check_recipient(const smtp::RcptCommand& rcpt) {
  const auto failure = service_.options.at_recipient.find(unlabelled_name(rcpt.path));
  if (failure != service_.options.at_recipient.end()) return protocol_.recipient_checked(failure->second);
  envelope_.to.push_back(rcpt.path);
  return protocol_.recipient_checked(accepted());
}

smtp::Reply Session::check_auth(const smtp::AuthCommand& auth) {
  const auto& right = service_.credentials;
  return protocol_.auth_checked(equal_secrets(auth.user, right.user) &&
                                equal_secrets(auth.password, right.password));
}

smtp::Reply Session::judge(const Data& data) {
  auto refuse = [this](smtp::Reply reply) {
    service_.log.info("refused", {{"from", envelope_.from}, {"reply", reply.to_string()}});
    return reply;
  };
  if (data.too_long) return refuse({552, {}, "Message is too long."});
  auto content = read_content(data.bytes);
  if (!content) return refuse({554, {}, "Transaction failed: " + content.error().message});
  if (auto refusal = refuse_content(*content, envelope_, service_.options)) return refuse(*refusal);
  if (auto failure = failure_on_demand()) return refuse(*failure);
  const auto simulated = std::count_if(envelope_.to.begin(), envelope_.to.end(), is_simulated);
  if (auto throttled = service_.account.take(envelope_.to.size(), static_cast<std::size_t>(simulated)))
    return refuse(*throttled);
  return keep(std::move(*content));
}

std::optional<smtp::Reply> Session::failure_on_demand() const {
  const auto& failures = service_.options.after_data;
  for (const auto& to : envelope_.to) {
    const auto found = failures.find(unlabelled_name(to));
    if (found != failures.end()) return found->second;
  }
  return std::nullopt;
}

smtp::Reply Session::keep(Content content) {
  const auto now = service_.clock.wall_now();
  Record record;
  record.id = make_ses_id(service_.options.region, now, service_.random);
  record.time = now;
  record.envelope = envelope_;
  record.configuration_set = configuration_set_of(content);
  record.recipients = outcomes(record.configuration_set);
  record.outcome = "250 Ok " + record.id;
  record.user = protocol_.user();
  record.tls = connection_->stream().tls_description();
  record.helo = protocol_.helo();
  record.client = connection_->stream().peer().to_string();
  const auto bytes = deliverable(std::move(content), record.id, service_.options.region, now);
  if (const auto kept = service_.store.keep(record, bytes); !kept) {
    service_.log.error("store", {{"reason", kept.error().message}});
    return {451, {}, "Temporary service failure"};
  }
  enter_list(record);
  service_.log.info("accepted", {{"id", record.id},
                                 {"from", envelope_.from},
                                 {"recipients", envelope_.to.size()},
                                 {"size", bytes.size()}});
  return {250, {}, "Ok " + record.id};
}

// As SES counts: what is suppressed was accepted all the same.
std::vector<Outcome> Session::outcomes(const std::string& configuration_set) const {
  const auto reasons = service_.suppression.effective_reasons(configuration_set);
  std::vector<Outcome> found;
  for (const auto& to : envelope_.to) {
    const auto* entry = service_.suppression.list().match(to);
    found.push_back(outcome_of(to, entry, reasons, service_.options.misfortunes));
  }
  return found;
}

void Session::enter_list(const Record& record) {
  for (const auto& outcome : record.recipients) {
    if (!outcome.enters) continue;
    auto feedback_id = make_ses_id(service_.options.region, record.time, service_.random);
    auto cause = std::make_shared<SuppressionCause>(SuppressionCause{record.id, std::move(feedback_id)});
    const auto put = service_.suppression.put(
        {stored_form(outcome.address), *outcome.enters, record.time, std::move(cause)});
    if (!put) service_.log.error("suppression list", {{"reason", put.error().message}});
  }
}

}  // namespace postern::sandbox
