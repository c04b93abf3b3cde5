// What all sessions of the sandbox share. Made by Server, loop thread only.
#pragma once

#include <memory>

#include "account.hpp"
#include "connection.hpp"
#include "identity.hpp"
#include "options.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/random.hpp"
#include "postern/net/tls.hpp"
#include "store.hpp"
#include "suppression.hpp"

namespace postern::sandbox {

struct Service {
  const Options& options;
  base::Clock& clock;
  base::Random& random;
  base::Log& log;
  Account account;
  Store store;
  Suppression suppression;
  Credentials credentials;
  std::shared_ptr<net::TlsContext> tls;
  Connections connections;
};

}  // namespace postern::sandbox
