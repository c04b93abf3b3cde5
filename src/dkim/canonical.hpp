// The relaxed canonical form of header fields and bodies (RFC 6376 3.4.2, 3.4.4): the one that survives what
// relays do to white space, SES included. Pure; the body streams through in a fixed buffer, in portions of
// any size, and what comes out does not depend on their size.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace postern::dkim {

// `field` whole, folding included, with or without its final CRLF; appended without one.
void append_relaxed_field(std::string_view field, std::string& out);

class RelaxedBody {
 public:
  using Sink = std::function<void(std::string_view)>;
  explicit RelaxedBody(Sink sink) : sink_(std::move(sink)) {}

  // False: a bare CR or LF, for which verifiers have no common form. Nothing may be fed after it.
  bool feed(std::string_view portion);
  // A last line without CRLF, or with CR alone, is taken to have one: the dot encoder completes it on the way
  // out.
  void finish();

 private:
  void text(std::string_view run);
  void put(std::string_view bytes);
  void flush();

  Sink sink_;
  std::array<char, 4096> buffer_{};
  std::size_t used_ = 0;
  std::size_t line_ends_ = 0;  // held back: they count only when text follows
  bool blank_ = false;         // likewise
  bool cr_ = false;            // the last octet was CR
  bool any_ = false;           // there was text
};

}  // namespace postern::dkim
