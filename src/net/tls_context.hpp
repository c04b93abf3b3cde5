// The one implementation of TlsContext, for the files of net that make connections of it.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "postern/net/tls.hpp"
#include "tls_sessions.hpp"

namespace postern::net {

class OpensslContext final : public TlsContext {
 public:
  explicit OpensslContext(boost::asio::ssl::context::method method) : context(method) {}
  TlsSessions sessions;  // of clients; outlives the context
  boost::asio::ssl::context context;
};

// What OpenSSL's error queue or a certificate check says; empties the queue.
std::string tls_error_text(const std::string& otherwise);

}  // namespace postern::net
