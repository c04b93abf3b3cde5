#include "connection.hpp"

#include <boost/throw_exception.hpp>
#include <stdexcept>

#include "postern/spool/body_file.hpp"

namespace postern::delivery {

namespace {

// RFC 5321 4.5.3.2 allows minutes; SES answers in seconds, and a retry on another connection is cheap.
constexpr base::Duration connect_time = std::chrono::seconds(15);
constexpr base::Duration greeting_time = std::chrono::seconds(30);
constexpr base::Duration command_time = std::chrono::minutes(1);
constexpr base::Duration content_time = std::chrono::minutes(3);  // for each portion
constexpr base::Duration final_time = std::chrono::minutes(10);
constexpr std::size_t portion = 64 * 1024;

using Action = smtp::ClientTransactionProtocol::Action;

Phase phase_of(std::string_view name) {
  if (name == "EHLO") return Phase::ehlo;
  if (name == "STARTTLS") return Phase::start_tls;
  if (name == "AUTH") return Phase::auth;
  return Phase::greeting;
}

Phase phase_of(const smtp::TransactionResult& so_far) {
  if (so_far.data.code != 0) return Phase::body;
  if (so_far.mail.code == 0) return Phase::mail;
  for (const auto& reply : so_far.recipients) {
    if (reply.code == 0) return Phase::rcpt;
  }
  return Phase::data;
}

smtp::ClientOptions client_options(const UpstreamSettings& settings) {
  smtp::ClientOptions options;
  options.helo = settings.helo;
  options.start_tls = settings.tls == TlsMode::starttls;
  options.encrypted = settings.tls == TlsMode::implicit;
  options.username = settings.username;
  options.password = settings.password;
  options.plaintext_auth = settings.tls == TlsMode::none;  // only to loopback; the configuration sees to that
  return options;
}

}  // namespace

void throw_exception_from_error(const Breakdown& breakdown, const boost::source_location& where) {
  boost::throw_exception(std::runtime_error(breakdown.error.message), where);
}

Connection::Connection(std::unique_ptr<net::Stream> stream, base::Clock& clock, base::Pool& disk)
    : stream_(std::move(stream)), clock_(clock), disk_(disk), reader_(*stream_, 4096) {}

base::Task<boost::system::result<std::unique_ptr<Connection>, Breakdown>> Connection::open(
    const UpstreamSettings& settings, net::Dialer& dialer, base::Clock& clock, base::Pool& disk) {
  net::Target target{settings.host, settings.port, nullptr};
  if (settings.tls == TlsMode::implicit) target.implicit_tls = settings.tls_context;
  auto stream = co_await dialer.connect(std::move(target), clock.steady_now() + connect_time);
  if (!stream) {
    const auto phase = stream.error().code == base::Errc::tls ? Phase::start_tls : Phase::connect;
    co_return Breakdown{phase, {}, stream.error()};
  }
  auto connection = std::make_unique<Connection>(std::move(*stream), clock, disk);
  auto broken = co_await connection->greet(settings);
  if (broken) {
    co_await connection->quit();
    co_return std::move(*broken);
  }
  connection->opened = clock.steady_now();
  co_return std::move(connection);
}

base::Task<std::optional<Breakdown>> Connection::greet(const UpstreamSettings& settings) {
  smtp::ClientGreeting greeting(client_options(settings));
  for (;;) {
    allow(greeting_time);
    const Phase phase = phase_of(greeting.phase());
    auto reply = co_await read_reply();
    if (!reply) co_return Breakdown{phase, {}, reply.error()};
    auto step = greeting.step(*reply);
    if (step.action == smtp::ClientGreeting::Action::start_tls) {
      // Whatever came in clear behind the 220 does not count as said over TLS (RFC 3207 6).
      reader_.discard();
      auto secured = co_await stream_->start_tls_client(settings.tls_context, settings.host);
      if (!secured) co_return Breakdown{Phase::start_tls, {}, secured.error()};
      step = greeting.tls_started();
    }
    if (step.action == smtp::ClientGreeting::Action::ready) break;
    if (step.action == smtp::ClientGreeting::Action::failed) {
      const auto& why = greeting.failure();
      co_return Breakdown{phase, why.code != 0 ? why : smtp::Reply(),
                          base::fail(base::Errc::protocol, why.text())};
    }
    auto written = co_await stream_->write(step.bytes);
    if (!written) co_return Breakdown{phase, {}, written.error()};
  }
  capabilities_ = greeting.capabilities();
  co_return std::nullopt;
}

base::Task<base::Result<smtp::Reply>> Connection::read_reply() {
  smtp::ReplyParser parser;
  for (;;) {
    while (const auto line = reader_.take_line()) {
      const auto status = parser.add_line(*line);
      if (status == smtp::ReplyParser::Status::done) co_return parser.take();
      if (status == smtp::ReplyParser::Status::malformed) {
        usable_ = false;
        co_return base::fail(base::Errc::protocol, "not an SMTP reply: " + std::string(line->substr(0, 100)));
      }
    }
    auto filled = co_await reader_.fill();
    if (!filled) {
      usable_ = false;
      co_return filled.error();
    }
  }
}

base::Task<Connection::Sent> Connection::send(const Transmission& transmission) {
  ++transactions;
  smtp::ClientTransaction wanted;
  wanted.sender = transmission.message->sender;
  for (const auto& recipient : transmission.recipients) wanted.recipients.push_back(recipient.address);
  wanted.size = transmission.message->content.size() + transmission.prefix.size();
  wanted.eight_bit = transmission.message->eight_bit;
  smtp::ClientTransactionProtocol protocol(std::move(wanted), capabilities_);

  Sent sent;
  std::string bytes;
  for (;;) {
    bytes.clear();
    const Action action = protocol.next(bytes);
    if (action == Action::done) break;
    base::Result<void> went;
    if (action == Action::read_reply) {
      const bool final = protocol.result().data.code == 354;
      allow(final ? final_time : command_time);
      auto reply = co_await read_reply();
      if (reply) {
        protocol.reply(*reply);
      } else {
        went = reply.error();
      }
    } else if (action == Action::send_body) {
      went = co_await send_content(transmission);
      protocol.body_sent();
    } else {
      allow(command_time);
      went = co_await stream_->write(bytes);
    }
    if (!went) {
      usable_ = false;
      sent.broken = Breakdown{phase_of(protocol.result()), {}, went.error()};
      break;
    }
  }
  if (!protocol.connection_usable()) usable_ = false;
  sent.replies = protocol.result();
  co_return sent;
}

base::Task<base::Result<void>> Connection::send_content(const Transmission& transmission) {
  const auto& content = transmission.message->content;
  std::string bytes;
  bytes.reserve(transmission.prefix.size() + content.header.size() +
                (content.body ? content.body->size() : portion) + 512);
  smtp::DotEncoder encoder;
  encoder.feed(transmission.prefix, bytes);
  encoder.feed(content.header, bytes);
  encoder.feed("\r\n", bytes);
  if (content.body) {
    encoder.feed(*content.body, bytes);
  } else {
    auto sent = co_await send_file(content.body_file, encoder, bytes);
    if (!sent) co_return sent;
  }
  encoder.finish(bytes);
  allow(content_time);
  auto written = co_await stream_->write(bytes);
  co_return written;
}

// A file that can't be read breaks the connection off in the middle of the content: no end of data is sent,
// so the upstream takes nothing, and the message stays in the spool.
base::Task<base::Result<void>> Connection::send_file(const std::string& path, smtp::DotEncoder& encoder,
                                                     std::string& bytes) {
  auto open = [&path] { return spool::BodyReader::open(path); };
  auto file = co_await base::offload(disk_, std::move(open));
  if (!file) co_return file.error();
  std::string read(portion, '\0');
  for (;;) {
    auto next = [&file, &read] { return file->read(read.data(), read.size()); };
    auto got = co_await base::offload(disk_, std::move(next));
    if (!got) co_return got.error();
    if (*got == 0) co_return base::Result<void>();
    encoder.feed(std::string_view(read).substr(0, *got), bytes);
    allow(content_time);
    auto written = co_await stream_->write(bytes);
    if (!written) co_return written;
    bytes.clear();
  }
}

base::Task<void> Connection::quit() {
  allow(std::chrono::seconds(1));
  if (usable_) {
    const std::string_view goodbye = "QUIT\r\n";
    auto written = co_await stream_->write(goodbye);
    if (written) {
      auto reply = co_await read_reply();
      (void)reply;  // 221 or not: the connection ends here
    }
  }
  usable_ = false;
  co_await stream_->close();
}

void Connection::allow(base::Duration time) {
  stream_->set_deadline(clock_.steady_now() + time);
}

}  // namespace postern::delivery
