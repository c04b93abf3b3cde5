// An RSA key that stays parsed: what parsing and the Montgomery set-up cost, as much as half a signature, is
// paid once. Immutable; any number of threads may sign at once with the same key (OpenSSL keeps its blinding
// behind a lock that is held for a hundredth of a signature; copies of the key for each thread measured no
// better).
#pragma once

#include <string>
#include <string_view>

#include "openssl.hpp"
#include "postern/base/result.hpp"

namespace postern::dkim {

class PrivateKey {
 public:
  explicit PrivateKey(Key key) : key_(std::move(key)) {}

  // PKCS#1 v1.5 (RFC 8017 8.2) of a SHA-256 digest, as rsa-sha256 asks.
  base::Result<std::string> sign(std::string_view digest) const;
  int bits() const { return EVP_PKEY_get_bits(key_.get()); }
  // SubjectPublicKeyInfo in DER, which is what p= of the key record holds.
  std::string public_part() const;
  bool has_public_part(const EVP_PKEY* other) const { return EVP_PKEY_eq(key_.get(), other) == 1; }

 private:
  Key key_;
};

}  // namespace postern::dkim
