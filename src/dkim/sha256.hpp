// SHA-256 of what is fed to it. A digest that could not be made is empty, so that callers check once, at the
// end.
#pragma once

#include <string>
#include <string_view>

#include "openssl.hpp"

namespace postern::dkim {

class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  std::string finish();  // 32 octets, or none

 private:
  DigestContext context_;
  bool good_;
};

}  // namespace postern::dkim
