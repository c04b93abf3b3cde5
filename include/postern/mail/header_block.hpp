// The header section of a message (RFC 5322 2.2), kept byte for byte: fields that nobody touches come out as
// they went in. Pure. Lines end with CRLF; the empty line that ends the section is not part of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"

namespace postern::mail {

class HeaderBlock {
 public:
  struct Field {
    std::string raw;              // "Subject: a\r\n b\r\n", with its folding and final CRLF
    std::size_t name_length = 0;  // raw.substr(0, name_length) is the name as written, no white space

    std::string_view name() const { return std::string_view(raw).substr(0, name_length); }
    std::string_view body() const;           // after the colon, without the final CRLF, folding kept
    std::string unfolded() const;            // body without CRLF of the folding, trimmed
    bool is(std::string_view wanted) const;  // name compares without case, white space before the colon aside
  };

  // Errc::invalid with the reason when it is not a header section: a line that is no field and no
  // continuation (an mbox "From " or ">From " line too), NUL, bare CR or bare LF in a field, a last line
  // without CRLF, a field over max_field bytes. No bytes are a header section of no fields. Blank lines
  // (white space and CRLF) before the first field are kept; they continue the field that is prepended. How
  // large the whole may be is the caller's to decide: it takes up to ten times its bytes in memory.
  static base::Result<HeaderBlock> parse(std::string_view bytes, std::size_t max_field = 64 * 1024);

  const std::vector<Field>& fields() const { return fields_; }
  const Field* find(std::string_view name) const;  // the first
  std::size_t count(std::string_view name) const;

  void prepend(std::string_view name, std::string_view body);  // folds nothing: body may hold CRLF SP
  void append(std::string_view name, std::string_view body);
  void replace_body(std::size_t index, std::string_view body);  // a space is put before it if it has none
  std::size_t remove(std::string_view name);                    // every one; gives how many

  std::string bytes() const;  // all fields, without the empty line

 private:
  std::string blank_;  // lines of white space only, before the first field
  std::vector<Field> fields_;
};

}  // namespace postern::mail
