#include "tls_sessions.hpp"

#include <iterator>
#include <utility>

namespace postern::net {

namespace {

// Asio keeps its own things in the places that OpenSSL has for "app data".
int of_context() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int of_connection() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

void TlsSessions::attach(SSL_CTX& context) {
  SSL_CTX_set_ex_data(&context, of_context(), this);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, &TlsSessions::arrived);
}

// At the end of a handshake (TLS 1.2), or in any later read (TLS 1.3). 1: the reference is ours now.
int TlsSessions::arrived(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<TlsSessions*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), of_context()));
  const auto* host = static_cast<const std::string*>(SSL_get_ex_data(ssl, of_connection()));
  if (self == nullptr || host == nullptr) return 0;
  self->keep(*host, Session(session));
  return 1;
}

void TlsSessions::keep(const std::string& host, Session session) {
  kept_.push_front({host, std::move(session)});
  std::size_t of_this_host = 0;
  for (auto it = kept_.begin(); it != kept_.end();) {
    const bool surplus = it->host == host && ++of_this_host > most_of_a_host;
    it = surplus ? kept_.erase(it) : std::next(it);
  }
  if (kept_.size() > most) kept_.pop_back();
}

TlsSessions::Session TlsSessions::take(const std::string& host) {
  for (auto it = kept_.begin(); it != kept_.end();) {
    if (it->host != host) {
      ++it;
      continue;
    }
    SSL_SESSION* session = it->session.get();
    // OpenSSL marks a session whose connection broke: it must not be used again (RFC 5246 7.2.2).
    const bool good = SSL_SESSION_is_resumable(session) == 1;
    if (good && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(session);
      return Session(session);
    }
    auto taken = std::move(it->session);
    it = kept_.erase(it);
    if (good) return taken;
  }
  return nullptr;
}

void TlsSessions::offer(SSL& ssl, const std::string& host) {
  SSL_set_ex_data(&ssl, of_connection(), const_cast<std::string*>(&host));
  const auto session = take(host);
  if (session) SSL_set_session(&ssl, session.get());  // takes a reference of its own
}

void TlsSessions::forget(const std::string& host) {
  kept_.remove_if([&host](const Kept& one) { return one.host == host; });
}

}  // namespace postern::net
