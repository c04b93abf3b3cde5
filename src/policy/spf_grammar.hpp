// Character classes of RFC 7208 12 and names as DNS can carry them, for the parsers and evaluators of SPF.
// Pure; independent of the locale, unlike <cctype>.
#pragma once

#include <string>
#include <string_view>

namespace postern::policy {

constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alphanum(char c) {
  return is_alpha(c) || is_digit(c);
}
constexpr bool is_visible(char c) {
  return c > ' ' && c <= '~';
}

std::string_view without_final_dot(std::string_view name);

// Labels of 1 to 63 octets, 253 in all, 7 bit without controls.
bool is_dns_name(std::string_view name);

// RFC 7208 4.3: what check_host takes; also one label or an address literal gives "none".
bool is_checkable_domain(std::string_view name);

// Removes labels from the left until 253 octets are left (7.3).
std::string_view fitting(std::string_view name);

// `name` is `domain` or lies below it; case does not count.
bool is_at_or_below(std::string_view name, std::string_view domain);

}  // namespace postern::policy
