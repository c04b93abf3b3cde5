#include "body_guard.hpp"

#include "opendkim.hpp"

namespace postern::dkim {

bool BodyGuard::look(char c) {
  const bool good = (c == '\n') == (last_ == '\r');
  word_ = c == ' ' || c == '\t' || c == '\n' ? 0 : word_ + 1;
  last_ = c;
  return good;
}

base::Result<void> BodyGuard::look(std::string_view portion) {
  any_ = any_ || !portion.empty();
  for (const char c : portion) {
    if (!look(c)) return base::fail(base::Errc::invalid, "the body has a bare CR or LF");
    if (word_ > max_hashed)
      return base::fail(base::Errc::invalid, "the body has over 65000 octets without white space");
  }
  return {};
}

std::string_view BodyGuard::completion() const {
  if (!any_ || last_ == '\n') return "";
  return last_ == '\r' ? "\n" : "\r\n";
}

}  // namespace postern::dkim
