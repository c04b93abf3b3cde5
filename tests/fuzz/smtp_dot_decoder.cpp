// The same result at every portion size; the end of data only where CRLF.CRLF is; what was decoded goes
// through encoder and decoder unchanged.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "postern/smtp/dot_codec.hpp"

using namespace postern::smtp;

namespace {

void check(bool right) {
  if (!right) std::abort();
}

struct Decoded {
  std::string text;
  std::size_t used = 0;
  bool done = false;
  std::uint64_t bare_lf = 0, bare_cr = 0, nul = 0;
  bool eight_bit = false;
  std::size_t longest_line = 0;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view in, bool normalize, std::size_t portion) {
  DotDecoder decoder(normalize);
  Decoded result;
  while (result.used < in.size() && !decoder.done()) {
    const auto part = in.substr(result.used, portion);
    const auto used = decoder.feed(part, result.text);
    check(used == part.size() || decoder.done());
    result.used += used;
  }
  result.done = decoder.done();
  result.bare_lf = decoder.bare_lf();
  result.bare_cr = decoder.bare_cr();
  result.nul = decoder.nul();
  result.eight_bit = decoder.eight_bit();
  result.longest_line = decoder.longest_line();
  return result;
}

std::string encode(std::string_view in, std::size_t portion) {
  DotEncoder encoder;
  std::string out;
  for (std::size_t at = 0; at < in.size(); at += std::min(portion, in.size() - at))
    encoder.feed(in.substr(at, portion), out);
  encoder.finish(out);
  return out;
}

std::size_t end_of_data(std::string_view in) {
  if (in.starts_with(".\r\n")) return 3;
  const auto at = in.find("\r\n.\r\n");
  return at == std::string_view::npos ? at : at + 5;
}

void check_input(std::string_view in, bool normalize) {
  const auto whole = decode(in, normalize, in.size());
  for (const std::size_t portion : {1U, 2U, 3U, 5U, 7U, 8U, 13U})
    check(decode(in, normalize, portion) == whole);
  const auto end = end_of_data(in);
  check(whole.done == (end != std::string_view::npos));
  check(whole.used == std::min(end, in.size()));
  if (!whole.done || !normalize) return;
  const auto wire = encode(whole.text, 3);
  check(wire == encode(whole.text, wire.size()));
  const auto again = decode(wire, false, wire.size());
  check(again.done && again.used == wire.size() && again.text == whole.text);
  check(again.bare_lf == 0 && again.bare_cr == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  check_input(in, true);
  check_input(in, false);
  // Small alphabets reach the corners that random bytes do not.
  std::string corner(in);
  for (auto& c : corner) c = "\r\n.a"[static_cast<unsigned char>(c) % 4];
  check_input(corner, true);
  check_input(corner, false);
  return 0;
}
