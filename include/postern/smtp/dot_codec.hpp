// The body of DATA (RFC 5321 4.5.2): dot-unstuffing with line repair on the way in, dot-stuffing on the way
// out. Streaming: bytes are fed in any portions, the result is the same for every split. Pure, no allocation
// of its own but `out`. Used by intake, delivery and sandbox.
//
// Only CRLF.CRLF ends the data, and only CRLF begins a line of the protocol: a bare LF or CR is never part of
// an end of data (SMTP smuggling, CVE-2023-51764 and kin). It is repaired to CRLF when `normalize` is on, and
// always counted. A dot behind a bare LF or CR is content, not stuffing: it is kept, and the encoder, for
// which the repaired line is a line like any other, stuffs it for the next hop. So "\n.\r\n" arrives there as
// "\r\n..\r\n" and ends nothing. CR CR LF is one line end (text mode applied twice), not two.
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
  struct Ends;
  std::size_t take_lines(std::string_view in, std::size_t at, Ends& ends, std::string& out);
  bool step(char c, std::string& out);
  bool step_after_cr(char c, std::string& out);
  void put_bare(char c, std::string& out);
  void end_line(std::size_t more);
  void inspect(std::string_view bytes);

  State state_ = State::line_start;
  bool normalize_;
  bool eight_bit_ = false;
  bool repaired_cr_ = false;  // the byte before the pending CR was a CR that became CRLF
  std::uint64_t bare_lf_ = 0, bare_cr_ = 0, nul_ = 0;
  std::size_t line_ = 0, longest_line_ = 0;
};

// Input has CRLF lines. finish() appends what is missing to end the data: CRLF when the last line has none,
// then ".\r\n". A dot is stuffed behind every LF, so that no input whatever can end the data early.
class DotEncoder {
 public:
  void feed(std::string_view in, std::string& out);
  void finish(std::string& out);

 private:
  bool at_line_start_ = true;
  bool after_crlf_ = true;
  char last_ = '\n';
};

}  // namespace postern::smtp
