#include "socket_stream.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

#include "tls_context.hpp"

namespace postern::net {

namespace asio = boost::asio;

namespace {

// A peer that sends as fast as we read must not keep the loop from the others.
constexpr int most_reads_in_a_row = 32;

constexpr auto token = asio::as_tuple(asio::use_awaitable_t<base::Executor>());

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

base::Task<base::Error> SocketStream::describe(boost::system::error_code error, std::string_view what) {
  if (error == asio::error::operation_aborted) {
    if (tls_) broken_tls_ = true;
    // The caller may still say goodbye: cancelled once is not cancelled for ever (asio would throw at the
    // next await).
    co_await asio::this_coro::reset_cancellation_state();
    if (!socket_.is_open()) co_return base::fail(base::Errc::closed, fmt::format("{}: closed", what));
    if (deadline_.passed()) co_return base::fail(base::Errc::timeout, fmt::format("{}: timeout", what));
    co_return base::fail(base::Errc::cancelled, fmt::format("{}: cancelled", what));
  }
  const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
  if (ended)
    co_return base::fail(base::Errc::closed, fmt::format("{}: the peer closed the connection", what));
  if (error.category() == asio::error::get_system_category())
    co_return base::system_error(what, error.value());
  co_return base::fail(base::Errc::tls, fmt::format("{}: {}", what, error.message()));
}

// What every operation asks first. The deadline counts even while bytes keep coming: a drip wins no time.
base::Result<void> SocketStream::usable(std::string_view what) const {
  if (!socket_.is_open()) return base::fail(base::Errc::closed, fmt::format("{}: closed", what));
  if (broken_tls_) return base::fail(base::Errc::closed, fmt::format("{}: the TLS session was cut", what));
  if (deadline_.passed()) return base::fail(base::Errc::timeout, fmt::format("{}: timeout", what));
  return {};
}

base::Task<base::Result<void>> SocketStream::wait(Direction direction) {
  reads_in_a_row_ = 0;
  deadline_.arm();
  const auto kind = direction == Direction::read ? Socket::wait_read : Socket::wait_write;
  auto [error] = co_await socket_.async_wait(kind, token);
  if (!error) co_return base::Result<void>();
  auto why = co_await describe(error, direction == Direction::read ? "read" : "write");
  co_return why;
}

// The system call first: most of the time the bytes are there, and only a wait costs a turn of the loop.
base::Task<base::Result<std::size_t>> SocketStream::read_some(std::span<char> into) {
  if (tls_) {
    auto got = co_await read_tls(into);
    co_return got;
  }
  for (;;) {
    auto usable_now = usable("read");
    if (!usable_now) co_return usable_now.error();
    if (++reads_in_a_row_ > most_reads_in_a_row) {
      reads_in_a_row_ = 0;
      co_await asio::post(socket_.get_executor(), asio::use_awaitable_t<base::Executor>());
      continue;  // closed meanwhile, perhaps
    }
    const auto n = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (n > 0) co_return static_cast<std::size_t>(n);
    if (n == 0) co_return base::fail(base::Errc::closed, "read: the peer closed the connection");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return base::system_error("read", errno);
    auto ready = co_await wait(Direction::read);
    if (!ready) co_return ready.error();
  }
}

base::Task<base::Result<void>> SocketStream::write(std::string_view bytes) {
  if (tls_) {
    auto went = co_await write_tls(bytes);
    co_return went;
  }
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
    auto ready = co_await wait(Direction::write);
    if (!ready) co_return ready.error();
  }
  co_return base::Result<void>();
}

base::Task<base::Result<std::size_t>> SocketStream::read_tls(std::span<char> into) {
  auto usable_now = usable("read");
  if (!usable_now) co_return usable_now.error();
  deadline_.arm();
  const auto buffer = asio::buffer(into.data(), into.size());
  auto [error, n] = co_await tls_->async_read_some(buffer, token);
  if (!error) co_return n;
  auto why = co_await describe(error, "read");
  co_return why;
}

base::Task<base::Result<void>> SocketStream::write_tls(std::string_view bytes) {
  auto usable_now = usable("write");
  if (!usable_now) co_return usable_now.error();
  deadline_.arm();
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  auto [error, n] = co_await asio::async_write(*tls_, buffer, token);
  if (!error) co_return base::Result<void>();
  auto why = co_await describe(error, "write");
  co_return why;
}

// SNI, and whom the certificate has to name. A name that OpenSSL does not take must not pass unverified.
base::Result<void> SocketStream::verify_peer_is(std::string host) {
  SSL* ssl = tls_->native_handle();
  auto* verify = SSL_get0_param(ssl);
  const auto literal = IpAddress::parse(host);
  bool good = false;
  if (literal) {
    good = X509_VERIFY_PARAM_set1_ip_asc(verify, literal->to_string().c_str()) == 1;  // a literal has no SNI
  } else {
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // The macro of this name casts away const, in C.
    good = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1 &&
           SSL_set1_host(ssl, host.c_str()) == 1;
  }
  if (!good || host.empty()) return base::fail(base::Errc::tls, "no name to verify: " + host);
  return {};
}

base::Task<base::Result<void>> SocketStream::start_tls_client(std::shared_ptr<TlsContext> context,
                                                              std::string host) {
  context_ = std::move(context);
  tls_.emplace(socket_, static_cast<OpensslContext&>(*context_).context);
  auto done = verify_peer_is(host);
  if (!done) co_return done;
  done = co_await handshake(asio::ssl::stream_base::client);
  if (done) co_return done;
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict == X509_V_OK) co_return done;
  co_return base::fail(base::Errc::tls, fmt::format("the certificate of {} is not accepted: {}", host,
                                                    X509_verify_cert_error_string(verdict)));
}

base::Task<base::Result<void>> SocketStream::start_tls_server(std::shared_ptr<TlsContext> context) {
  context_ = std::move(context);
  tls_.emplace(socket_, static_cast<OpensslContext&>(*context_).context);
  auto done = co_await handshake(asio::ssl::stream_base::server);
  co_return done;
}

base::Task<base::Result<void>> SocketStream::handshake(asio::ssl::stream_base::handshake_type role) {
  auto usable_now = usable("TLS handshake");
  if (!usable_now) co_return usable_now;
  deadline_.arm();
  auto [error] = co_await tls_->async_handshake(role, token);
  if (!error) co_return base::Result<void>();
  broken_tls_ = true;
  auto why = co_await describe(error, "TLS handshake");
  if (why.code == base::Errc::closed || why.code == base::Errc::io) why.code = base::Errc::tls;
  co_return why;
}

std::string SocketStream::tls_description() const {
  if (!tls_) return {};
  auto* ssl = const_cast<SocketStream*>(this)->tls_->native_handle();  // asio has no const way to it
  return fmt::format("{} {}", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}

base::Task<void> SocketStream::close() {
  if (!socket_.is_open()) co_return;
  deadline_.set(clock_.steady_now() + std::chrono::seconds(1));
  if (tls_ && !broken_tls_) {
    deadline_.arm();
    auto [error] = co_await tls_->async_shutdown(token);
    if (error == asio::error::operation_aborted) co_await asio::this_coro::reset_cancellation_state();
  } else if (!tls_) {
    co_await linger();
  }
  abort();
}

// Closing with unread input makes the kernel send a reset, which can overtake our last reply: what the client
// still sends is read and thrown away, for a second at most.
base::Task<void> SocketStream::linger() {
  if (quiet()) co_return;
  ::shutdown(socket_.native_handle(), SHUT_WR);
  char thrown_away[4096];
  for (;;) {
    auto got = co_await read_some(thrown_away);
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
