#include "socket_stream.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <tuple>
#include <utility>

namespace postern::net {

namespace asio = boost::asio;

namespace {

// A peer that sends as fast as we read must not keep the loop from the others.
constexpr int most_reads_in_a_row = 32;

// What an ending conversation may still take: a farewell, the peer's answer to it.
constexpr base::Duration goodbye_time = std::chrono::seconds(1);

constexpr auto token = asio::as_tuple(asio::use_awaitable_t<base::Executor>());

std::size_t count_of(const std::tuple<boost::system::error_code, std::size_t>& result) {
  return std::get<1>(result);
}
std::size_t count_of(const std::tuple<boost::system::error_code>&) {
  return 0;
}

}  // namespace

SocketStream::SocketStream(Socket socket, Peer peer, base::Clock& clock)
    : socket_(std::move(socket)),
      peer_(peer),
      clock_(clock),
      deadline_(socket_.get_executor(), clock, [this] {
        boost::system::error_code ignored;
        socket_.cancel(ignored);
      }) {
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
}

SocketStream::~SocketStream() = default;

base::Error SocketStream::describe(boost::system::error_code error, std::string_view what) const {
  if (!socket_.is_open()) return base::fail(base::Errc::closed, fmt::format("{}: closed", what));
  // Nobody else cuts an operation off.
  if (error == asio::error::operation_aborted)
    return base::fail(base::Errc::timeout, fmt::format("{}: timeout", what));
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
    return base::fail(base::Errc::closed, fmt::format("{}: the peer closed the connection", what));
  if (error.category() == asio::error::get_system_category()) return base::system_error(what, error.value());
  return base::fail(base::Errc::tls, fmt::format("{}: {}", what, error.message()));
}

// What every operation asks first. The deadline counts even while bytes keep coming: a drip wins no time.
base::Result<void> SocketStream::usable(std::string_view what) const {
  if (!socket_.is_open()) return base::fail(base::Errc::closed, fmt::format("{}: closed", what));
  if (deadline_.passed()) return base::fail(base::Errc::timeout, fmt::format("{}: timeout", what));
  return {};
}

base::Result<void> SocketStream::usable_tls(std::string_view what) const {
  if (broken_tls_) return base::fail(base::Errc::closed, fmt::format("{}: the TLS session was cut", what));
  return usable(what);
}

// Suspends for one operation. A cancellation that came while the task waited for something else is not told
// by asio again, so it is looked for first. Once reported it does not count any more, for asio would throw at
// the caller's next await, and the caller may still say goodbye; for that reason no coroutine is awaited
// between the operation and the reset.
template <class Operation>
base::Task<base::Result<std::size_t>> SocketStream::complete(Operation operation, std::string_view what,
                                                             WhenCancelled policy) {
  constexpr auto none = asio::cancellation_type::none;
  const auto before = co_await asio::this_coro::cancellation_state;
  if (before.cancelled() != none && policy == WhenCancelled::hurry)
    deadline_.at_most(clock_.steady_now() + goodbye_time);
  if (before.cancelled() == none || policy == WhenCancelled::hurry) {
    deadline_.arm();
    const auto result = co_await operation();
    const boost::system::error_code error = std::get<0>(result);
    if (!error) co_return count_of(result);
    const bool cut = error == asio::error::operation_aborted;
    if (cut && tls_) broken_tls_ = true;
    const auto after = co_await asio::this_coro::cancellation_state;
    if (!cut || !socket_.is_open() || after.cancelled() == none) co_return describe(error, what);
  }
  co_await asio::this_coro::reset_cancellation_state();
  co_return base::fail(base::Errc::cancelled, fmt::format("{}: cancelled", what));
}

base::Task<base::Result<std::size_t>> SocketStream::read_some(std::span<char> into) {
  return tls_ ? read_tls(into) : read_plain(into, WhenCancelled::refuse);
}

base::Task<base::Result<void>> SocketStream::write(std::string_view bytes) {
  return tls_ ? write_tls(bytes) : write_plain(bytes);
}

// The system call first: most of the time the bytes are there, and only a wait costs a turn of the loop.
base::Task<base::Result<std::size_t>> SocketStream::read_plain(std::span<char> into, WhenCancelled policy) {
  auto wait = [this] { return socket_.async_wait(Socket::wait_read, token); };
  for (;;) {
    auto usable_now = usable("read");
    if (!usable_now) co_return usable_now.error();
    if (++reads_in_a_row_ <= most_reads_in_a_row) {
      const auto n = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
      if (n > 0) co_return static_cast<std::size_t>(n);
      if (n == 0) co_return base::fail(base::Errc::closed, "read: the peer closed the connection");
      if (errno == EINTR) continue;
      if (errno != EAGAIN) co_return base::system_error("read", errno);
    }
    reads_in_a_row_ = 0;
    auto ready = co_await complete(wait, "read", policy);
    if (!ready) co_return ready.error();
  }
}

base::Task<base::Result<void>> SocketStream::write_plain(std::string_view bytes) {
  auto wait = [this] { return socket_.async_wait(Socket::wait_write, token); };
  while (!bytes.empty()) {
    auto usable_now = usable("write");
    if (!usable_now) co_return usable_now;
    const auto n = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return base::system_error("write", errno);
    auto ready = co_await complete(wait, "write");
    if (!ready) co_return ready.error();
  }
  co_return base::Result<void>();
}

base::Task<base::Result<std::size_t>> SocketStream::read_tls(std::span<char> into) {
  auto usable_now = usable_tls("read");
  if (!usable_now) co_return usable_now.error();
  auto read = [this, into] { return tls_->async_read_some(asio::buffer(into.data(), into.size()), token); };
  auto got = co_await complete(read, "read");
  co_return got;
}

// Unlike in clear, nobody can see beforehand whether it has to wait: a reply that was earned before the
// cancellation gets a moment to go out.
base::Task<base::Result<void>> SocketStream::write_tls(std::string_view bytes) {
  auto usable_now = usable_tls("write");
  if (!usable_now) co_return usable_now;
  auto write = [this, bytes] {
    return asio::async_write(*tls_, asio::buffer(bytes.data(), bytes.size()), token);
  };
  auto went = co_await complete(write, "write", WhenCancelled::hurry);
  if (!went) co_return went.error();
  co_return base::Result<void>();
}

// SNI, and whom the certificate has to name. A name that OpenSSL does not take must not pass unverified.
base::Result<void> SocketStream::verify_peer_is(const std::string& host) {
  SSL* ssl = tls_->native_handle();
  auto* verify = SSL_get0_param(ssl);
  const auto literal = IpAddress::parse(host);
  bool good = false;
  if (literal) {
    good = X509_VERIFY_PARAM_set1_ip_asc(verify, literal->to_string().c_str()) == 1;  // a literal has no SNI
  } else {
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // The macro of this name casts away const, in C. OpenSSL copies the name.
    auto* name = const_cast<char*>(host.c_str());
    good = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1 &&
           SSL_set1_host(ssl, host.c_str()) == 1;
  }
  if (!good || host.empty()) return base::fail(base::Errc::tls, "no name to verify: " + host);
  return {};
}

base::Result<void> SocketStream::begin_tls(std::shared_ptr<TlsContext> context) {
  if (tls_) return base::fail(base::Errc::protocol, "TLS has been started already");
  context_ = std::static_pointer_cast<OpensslContext>(std::move(context));
  tls_.emplace(socket_, context_->context);
  return {};
}

base::Task<base::Result<void>> SocketStream::start_tls_client(std::shared_ptr<TlsContext> context,
                                                              std::string host) {
  auto done = begin_tls(std::move(context));
  if (!done) co_return done;
  host_ = std::move(host);
  done = verify_peer_is(host_);
  if (!done) {
    broken_tls_ = true;
    co_return done;
  }
  auto& sessions = context_->sessions;
  sessions.offer(*tls_->native_handle(), host_);
  done = co_await handshake(asio::ssl::stream_base::client);
  if (done) co_return done;
  sessions.forget(host_);  // should it be they that the server stumbles over
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict == X509_V_OK) co_return done;
  co_return base::fail(base::Errc::tls, fmt::format("the certificate of {} is not accepted: {}", host_,
                                                    X509_verify_cert_error_string(verdict)));
}

base::Task<base::Result<void>> SocketStream::start_tls_server(std::shared_ptr<TlsContext> context) {
  auto done = begin_tls(std::move(context));
  if (done) done = co_await handshake(asio::ssl::stream_base::server);
  co_return done;
}

base::Task<base::Result<void>> SocketStream::handshake(asio::ssl::stream_base::handshake_type role) {
  auto usable_now = usable("TLS handshake");
  auto shake_hands = [this, role] { return tls_->async_handshake(role, token); };
  base::Result<std::size_t> done = std::size_t{0};
  if (usable_now) done = co_await complete(shake_hands, "TLS handshake");
  secured_ = usable_now.has_value() && done.has_value();
  broken_tls_ = !secured_;
  if (secured_) co_return base::Result<void>();
  auto why = usable_now ? done.error() : usable_now.error();
  const bool by_the_peer =
      socket_.is_open() && (why.code == base::Errc::closed || why.code == base::Errc::io);
  if (by_the_peer) why.code = base::Errc::tls;
  co_return why;
}

std::string SocketStream::tls_description() const {
  if (!secured_) return {};
  auto* ssl = const_cast<SocketStream*>(this)->tls_->native_handle();  // asio has no const way to it
  return fmt::format("{} {}", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}

base::Task<void> SocketStream::close() {
  if (!socket_.is_open()) co_return;
  deadline_.set(clock_.steady_now() + goodbye_time);
  if (tls_ && !broken_tls_) {
    co_await close_tls();
  } else if (!tls_ && !quiet()) {
    co_await linger();
  }
  abort();
}

// Without the peer's goodbye as an answer it may still be sending, or has gone.
base::Task<void> SocketStream::close_tls() {
  auto shut_down = [this] { return tls_->async_shutdown(token); };
  auto done = co_await complete(shut_down, "close", WhenCancelled::hurry);
  if (!done) co_await linger();
}

// Closing with unread input makes the kernel send a reset, which can overtake our last reply: what the client
// still sends is read and thrown away, for a second at most.
base::Task<void> SocketStream::linger() {
  if (!socket_.is_open()) co_return;
  ::shutdown(socket_.native_handle(), SHUT_WR);
  char thrown_away[4096];
  for (;;) {
    auto got = co_await read_plain(thrown_away, WhenCancelled::hurry);
    if (!got) co_return;
  }
}

void SocketStream::abort() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

// TLS 1.3 tickets come before the first reply of the server, so they have been read with it: on an idle
// connection anything readable is a reply that nobody asked for, or the end. Part of it may wait in TLS
// already: decrypted, or as a record that came in one read with the one before.
bool SocketStream::quiet() const {
  auto& self = const_cast<SocketStream&>(*this);  // asio has no const way to a handle
  if (!socket_.is_open() || broken_tls_) return false;
  if (tls_) {
    SSL* ssl = self.tls_->native_handle();
    if (SSL_has_pending(ssl) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl)) > 0) return false;
  }
  char one = 0;
  const auto n = ::recv(self.socket_.native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && errno == EAGAIN;
}

}  // namespace postern::net
