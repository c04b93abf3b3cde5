// TLS sessions that a client context may resume, by the name that the server's certificate was verified for:
// a resumed session is not verified again. A TLS 1.3 ticket is used once (RFC 8446 C.4), an older session as
// often as the server takes it. Bounded. One a context, which it goes with; loop thread only.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <list>
#include <memory>
#include <string>

namespace postern::net {

class TlsSessions {
 public:
  static constexpr std::size_t most_of_a_host = 8;  // a server gives two tickets a connection, as a rule
  static constexpr std::size_t most = 64;

  TlsSessions() = default;
  TlsSessions(const TlsSessions&) = delete;
  TlsSessions& operator=(const TlsSessions&) = delete;

  void attach(SSL_CTX& context);  // once; connections of the context then bring their sessions here

  // Before the handshake. What the server gives later is kept for this host, whose string outlives the SSL.
  void offer(SSL& ssl, const std::string& host);
  void forget(const std::string& host);
  std::size_t size() const { return kept_.size(); }

 private:
  struct Free {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  using Session = std::unique_ptr<SSL_SESSION, Free>;
  struct Kept {
    std::string host;
    Session session;
  };
  static int arrived(SSL* ssl, SSL_SESSION* session);
  void keep(const std::string& host, Session session);
  Session take(const std::string& host);

  std::list<Kept> kept_;  // the newest first
};

}  // namespace postern::net
