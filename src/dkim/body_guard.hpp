// Watches the body on its way to the hash for what libopendkim would sign wrongly without a word: line ends
// that are not CRLF, and text of over max_hashed octets without white space. Also completes a last line, as
// the dot encoder does on the way out. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "postern/base/result.hpp"

namespace postern::dkim {

class BodyGuard {
 public:
  base::Result<void> look(std::string_view portion);
  // What is missing to the body's end: "", "\n" or "\r\n".
  std::string_view completion() const;

 private:
  bool look(char c);
  bool any_ = false;
  char last_ = '\n';
  std::size_t word_ = 0;  // octets since the last white space
};

}  // namespace postern::dkim
