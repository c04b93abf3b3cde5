// Owners of OpenSSL's objects, and the text of its last error. No errors are left in the thread's queue.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace postern::dkim {

struct OpensslDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};

using Key = std::unique_ptr<EVP_PKEY, OpensslDeleter>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslDeleter>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, OpensslDeleter>;
using Bio = std::unique_ptr<BIO, OpensslDeleter>;

// " (its text)" of the oldest error in the queue, "" for none; the queue is empty afterwards.
std::string take_openssl_error();

// SHA-256, looked up once: an EVP_sha256() is looked up anew with every use.
const EVP_MD* sha256_digest();

std::string base64(std::string_view bytes);

}  // namespace postern::dkim
