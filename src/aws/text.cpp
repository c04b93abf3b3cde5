#include "aws/text.hpp"

#include <algorithm>

namespace postern::aws {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(blanks), text.size());
  const auto end = text.find_last_not_of(blanks);
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

std::string one_line(std::string_view text, std::size_t most) {
  text = trim(text);
  text = text.substr(0, text.find_first_of("\r\n"));
  const bool cut = text.size() > most;
  std::string out;
  for (const char c : text.substr(0, most)) out += c >= ' ' && c < 0x7f ? c : '?';
  return cut ? out + "..." : out;
}

std::string without_secrets(std::string text, std::initializer_list<std::string_view> secrets) {
  constexpr std::size_t shortest = 4;  // a shorter one is none, and is found everywhere
  for (const auto secret : secrets) {
    if (secret.size() < shortest) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace postern::aws
