// The body of DATA (RFC 5321 4.5.2): dot-unstuffing with line repair on the way in, dot-stuffing on the way
// out. Streaming: bytes are fed in any portions, the result is the same for every split. Pure, no allocation
// of its own but `out`.
//
// Only CRLF.CRLF ends the data. A bare LF or CR is never part of an end of data (SMTP smuggling,
// CVE-2023-51764 and kin): it is repaired to CRLF when `normalize` is on, and always counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::smtp {

class DotDecoder {
 public:
  explicit DotDecoder(bool normalize) : normalize_(normalize) {}

  // Appends decoded bytes to `out`; gives how many bytes of `in` were used. Stops behind the end of data.
  std::size_t feed(std::string_view in, std::string& out);
  bool done() const { return state_ == State::done; }

  // What was seen so far, for policy.
  std::uint64_t bare_lf() const { return bare_lf_; }
  std::uint64_t bare_cr() const { return bare_cr_; }
  std::uint64_t nul() const { return nul_; }
  bool eight_bit() const { return eight_bit_; }
  std::size_t longest_line() const { return longest_line_; }  // octets without CRLF

 private:
  enum class State { line_start, dot, dot_cr, in_line, cr, done };
  State state_ = State::line_start;
  bool normalize_;
  bool eight_bit_ = false;
  std::uint64_t bare_lf_ = 0, bare_cr_ = 0, nul_ = 0;
  std::size_t line_ = 0, longest_line_ = 0;
};

// Input has CRLF lines. finish() appends what is missing to end the data: CRLF when the last line has none,
// then ".\r\n".
class DotEncoder {
 public:
  void feed(std::string_view in, std::string& out);
  void finish(std::string& out);

 private:
  bool at_line_start_ = true;
  char last_ = '\n';
};

}  // namespace postern::smtp
