// Who the sandbox is: its certificate, the access key, and the SMTP credentials derived from that as SES has
// it. Made the first time, kept in the data directory, so that a relay goes on after a restart of the
// sandbox. Called once at start; blocking.
#pragma once

#include <string>

#include "options.hpp"
#include "postern/aws/sigv4.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"

namespace postern::sandbox {

struct Credentials {
  std::string user;      // of SMTP: the access key id
  std::string password;  // derived from the secret key, for the region
  aws::SigningKey key = {};
};

struct TlsFiles {
  std::string ca;           // DATA/tls/ca.pem: what a client trusts
  std::string certificate;  // chain
  std::string key;          // mode 0600
};

// The access key of the command line, else that of DATA/credentials (two lines: id and secret; mode 0600);
// for SMTP user and password of the command line, else what follows from the key.
base::Result<Credentials> load_credentials(const Options& options);

// Names: localhost, email-smtp.<region>.amazonaws.com, email.<region>.amazonaws.com, 127.0.0.1, ::1. New ones
// when they are missing, have run out or are for another region. The key of the CA is thrown away once it has
// signed.
base::Result<TlsFiles> load_tls_files(const Options& options, base::WallTime now);

}  // namespace postern::sandbox
