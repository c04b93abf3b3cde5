#include "aws/text.hpp"

#include <algorithm>
#include "postern/base/text.hpp"

namespace postern::aws {

std::string_view trim(std::string_view text) {
  return base::trim(text, " \t\r\n");
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
