#include "private_key.hpp"

#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace postern::dkim {

base::Result<std::string> PrivateKey::sign(std::string_view digest) const {
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = out.size();
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  const bool good = context && EVP_PKEY_sign_init(context.get()) == 1 &&
                    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_signature_md(context.get(), sha256_digest()) == 1 &&
                    EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                                  reinterpret_cast<const unsigned char*>(digest.data()), digest.size()) == 1;
  if (!good) return base::fail(base::Errc::unavailable, "RSA signature failed" + take_openssl_error());
  out.resize(size);
  return out;
}

std::string PrivateKey::public_part() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) return "";
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace postern::dkim
