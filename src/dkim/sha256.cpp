#include "sha256.hpp"

namespace postern::dkim {

Sha256::Sha256()
    : context_(EVP_MD_CTX_new()),
      good_(context_ && EVP_DigestInit_ex2(context_.get(), sha256_digest(), nullptr) == 1) {}

void Sha256::update(std::string_view bytes) {
  good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
}

std::string Sha256::finish() {
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(sha256_digest())), '\0');
  good_ =
      good_ && EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1;
  return good_ ? out : std::string();
}

}  // namespace postern::dkim
