#include "openssl.hpp"

#include <openssl/err.h>

#include <array>

namespace postern::dkim {

std::string take_openssl_error() {
  std::array<char, 256> text{};
  const auto code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return "";
  ERR_error_string_n(code, text.data(), text.size());
  return std::string(" (") + text.data() + ")";
}

const EVP_MD* sha256_digest() {
  static const std::unique_ptr<EVP_MD, OpensslDeleter> digest(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  return digest.get();
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace postern::dkim
