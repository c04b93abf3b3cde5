// TLS contexts (OpenSSL, TLS 1.2 and later). A client context verifies chain and host name, always; SNI is
// set. Contexts are made at start and on reload, then shared read-only; a connection keeps the one that it
// began with.
#pragma once

#include <memory>
#include <string>

#include "postern/base/result.hpp"

namespace postern::net {

class TlsContext {
 public:
  virtual ~TlsContext() = default;
  // ca_file beside the system's certificates; empty: only those.
  static base::Result<std::shared_ptr<TlsContext>> client(const std::string& ca_file);
  // Chain and key in PEM. Errors name the file and what OpenSSL found wrong.
  static base::Result<std::shared_ptr<TlsContext>> server(const std::string& certificate_file,
                                                          const std::string& key_file);
};

}  // namespace postern::net
