#include "postern/smtp/dot_codec.hpp"

#include <algorithm>
#include <cstring>

namespace postern::smtp {
namespace {

std::size_t find_from(std::string_view in, std::size_t at, char c) {
  const auto found = in.find(c, at);
  return found == std::string_view::npos ? in.size() : found;
}

}  // namespace

// The next CR and LF of a portion, each looked up once: else a portion of nothing but CRs would be searched
// for LF again at every byte.
struct DotDecoder::Ends {
  std::size_t cr = 0, lf = 0;
  bool looked = false;

  void move_to(std::string_view in, std::size_t at) {
    if (!looked || cr < at) cr = find_from(in, at, '\r');
    if (!looked || lf < at) lf = find_from(in, at, '\n');
    looked = true;
  }
};

std::size_t DotDecoder::feed(std::string_view in, std::string& out) {
  Ends ends;
  std::size_t at = 0;
  while (at < in.size() && state_ != State::done) {
    const bool plain = state_ == State::in_line || (state_ == State::line_start && in[at] != '.');
    if (plain) at = take_lines(in, at, ends, out);
    if (at < in.size() && step(in[at], out)) ++at;
  }
  return at;
}

// The fast path: copies whole CRLF lines that begin without a dot in one go, then the front of the line in
// which something else comes: a CR or LF on its own, a dot, or the end of the portion.
std::size_t DotDecoder::take_lines(std::string_view in, std::size_t at, Ends& ends, std::string& out) {
  const auto begin = at;
  while (at < in.size() && (state_ == State::in_line || in[at] != '.')) {
    ends.move_to(in, at);
    if (ends.lf < in.size() && ends.cr + 1 == ends.lf) {
      end_line(ends.cr - at);
      state_ = State::line_start;
      at = ends.lf + 1;
      continue;
    }
    const auto stop = std::min(ends.cr, ends.lf);
    line_ += stop - at;
    state_ = State::in_line;
    at = stop;
    break;
  }
  const auto lines = in.substr(begin, at - begin);
  inspect(lines);
  out.append(lines);
  return at;
}

// One byte at the places that the fast path leaves. False: the byte is to be looked at again in the new
// state.
bool DotDecoder::step(char c, std::string& out) {
  switch (state_) {
    case State::line_start:  // a dot: the fast path took all else
      state_ = State::dot;
      return true;
    case State::dot:
      state_ = c == '\r' ? State::dot_cr : State::in_line;
      return c == '\r';
    case State::dot_cr:
      state_ = c == '\n' ? State::done : State::cr;
      return c == '\n';
    case State::cr:
      return step_after_cr(c, out);
    case State::in_line:
      if (c == '\r') {
        state_ = State::cr;
      } else {
        ++bare_lf_;
        put_bare('\n', out);
      }
      return true;
    case State::done:
      break;
  }
  return true;
}

// A CR is pending: not in `out` yet.
bool DotDecoder::step_after_cr(char c, std::string& out) {
  if (c == '\n') {
    if (!repaired_cr_) out += "\r\n";
    end_line(0);
    repaired_cr_ = false;
    state_ = State::line_start;
    return true;
  }
  ++bare_cr_;
  put_bare('\r', out);
  repaired_cr_ = normalize_ && c == '\r';
  if (c != '\r') state_ = State::in_line;
  return c == '\r';
}

void DotDecoder::put_bare(char c, std::string& out) {
  if (normalize_) {
    out += "\r\n";
    end_line(0);
  } else {
    out += c;
    ++line_;
  }
}

void DotDecoder::end_line(std::size_t more) {
  longest_line_ = std::max(longest_line_, line_ + more);
  line_ = 0;
}

// Eight bytes at a time: this runs over every byte of every message.
void DotDecoder::inspect(std::string_view bytes) {
  constexpr std::uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
  std::uint64_t high = 0, zero = 0;
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    high |= word;
    zero |= (word - ones) & ~word;
  }
  bool has_nul = (zero & highs) != 0;
  for (; at < bytes.size(); ++at) {
    high |= static_cast<unsigned char>(bytes[at]);
    has_nul = has_nul || bytes[at] == '\0';
  }
  eight_bit_ = eight_bit_ || (high & highs) != 0;
  if (has_nul) nul_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\0'));
}

void DotEncoder::feed(std::string_view in, std::string& out) {
  if (in.empty()) return;
  if (at_line_start_ && in.front() == '.') out += '.';
  std::size_t copied = 0;
  for (auto at = in.find('\n'); at != std::string_view::npos; at = in.find('\n', at + 1)) {
    if (at + 1 >= in.size() || in[at + 1] != '.') continue;
    out.append(in.substr(copied, at + 1 - copied)).append(1, '.');
    copied = at + 1;
  }
  out.append(in.substr(copied));
  at_line_start_ = in.back() == '\n';
  after_crlf_ = at_line_start_ && (in.size() > 1 ? in[in.size() - 2] : last_) == '\r';
  last_ = in.back();
}

void DotEncoder::finish(std::string& out) {
  out += after_crlf_ ? ".\r\n" : "\r\n.\r\n";
}

}  // namespace postern::smtp
