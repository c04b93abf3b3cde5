// Character classes of RFC 5321 and RFC 5322, shared by the parsers of this module. Pure; independent of the
// locale, unlike <cctype>.
#pragma once

#include <string_view>

namespace postern::mail {

constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
constexpr bool is_space(char c) {
  return is_blank(c) || c == '\r' || c == '\n';
}
constexpr bool is_printable(char c) {  // VCHAR and space, 7 bit
  return c >= ' ' && c <= '~';
}
constexpr bool is_atext(char c) {  // RFC 5322 3.2.3
  return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace postern::mail
