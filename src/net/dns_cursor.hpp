// Reads a DNS message from front to back: numbers, names with their compression (RFC 1035 section 4.1.4).
// Once it has run over the end, or into a name that is none, it gives nothing more and good() is false. Pure;
// private to net.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::net {

class DnsCursor {
 public:
  explicit DnsCursor(std::string_view message, std::size_t at = 0) : message_(message), at_(at) {}

  bool good() const { return good_; }
  std::size_t position() const { return at_; }
  std::uint8_t octet();
  std::uint16_t word();
  std::uint32_t long_word();
  std::string_view take(std::size_t size);
  // As on the wire, uncompressed, in lower case, without the empty label at the end.
  std::string name();

 private:
  bool has(std::size_t at, std::size_t size);

  std::string_view message_;
  std::size_t at_;
  bool good_ = true;
};

// Dots between the labels. False: a label has an octet that no text can carry (a dot, a NUL).
bool to_text(std::string_view wire, std::string& text);
std::string to_wire(std::string_view name);  // a normalised name

}  // namespace postern::net
