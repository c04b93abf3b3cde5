// Character helpers of the SMTP parsers. Private to the module; pure.
#pragma once

#include <algorithm>
#include <string_view>

#include "postern/base/text.hpp"

namespace postern::smtp {

inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

inline bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

inline bool is_eight_bit(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Cuts the first word off `text`, with the blanks behind it.
inline std::string_view take_word(std::string_view& text) {
  const auto end = std::find_if(text.begin(), text.end(), is_blank);
  const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text = base::trim(text.substr(word.size()));
  return word;
}

}  // namespace postern::smtp
