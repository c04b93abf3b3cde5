// Macros of RFC 7208 7: checking a domain-spec, a value or an explanation, and expanding what was checked.
// Pure. Who looks up the validated name of the p macro is spf_check.
#pragma once

#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/net/ip.hpp"

namespace postern::policy {

struct MacroValues {
  std::string_view local_part;     // l, and s with the next
  std::string_view sender_domain;  // o
  std::string_view domain;         // d
  net::IpAddress ip;               // i, c, v
  std::string_view validated;      // p
  std::string_view helo;           // h
  std::string_view receiver;       // r
  base::WallTime time;             // t
};

base::Result<void> check_domain_spec(std::string_view text);   // 7.1; c, r and t are for explanations
base::Result<void> check_macro_string(std::string_view text);  // the value of an unknown modifier
base::Result<void> check_explanation(std::string_view text);   // explain-string: blanks too

// The text is one that was checked. `letters` in lower case.
bool has_macros(std::string_view text);
bool uses_macro(std::string_view text, char letter);
bool uses_only(std::string_view text, std::string_view letters);

// Without final dot, and with labels dropped from the left until it is 253 octets. It may be no name at all.
std::string expand_domain_spec(std::string_view text, const MacroValues& values);
// Printable and at most 500 octets, so that it can stand in an SMTP reply.
std::string expand_explanation(std::string_view text, const MacroValues& values);

}  // namespace postern::policy
