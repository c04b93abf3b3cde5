// The DKIM-Signature field (RFC 6376 3.5) as text, folded to 76 octets a line where d= and s= allow it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::dkim {

struct SignatureTags {
  std::string_view domain;              // d=
  std::string_view selector;            // s=
  std::int64_t time = 0;                // t=
  std::string body_hash;                // bh=, base64
  std::vector<std::string_view> names;  // h=
};

// All of it up to and with "b=", as it is hashed for the signature (RFC 6376 3.7).
std::string unsigned_field(const SignatureTags& tags);
// What unsigned_field gave, with the signature in base64 and CRLF.
std::string signed_field(std::string unsigned_part, std::string_view signature);

}  // namespace postern::dkim
