// Lines of a hostile server: bounded, printable, and what was parsed reads the same once rendered.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "postern/smtp/client_protocol.hpp"
#include "postern/smtp/reply.hpp"

using namespace postern::smtp;

namespace {

void check(bool right) {
  if (!right) std::abort();
}

Reply parse(std::string_view bytes) {
  ReplyParser parser;
  auto status = ReplyParser::Status::more;
  while (status == ReplyParser::Status::more) {
    const auto end = bytes.find("\r\n");
    check(end != std::string_view::npos);
    status = parser.add_line(bytes.substr(0, end));
    bytes.remove_prefix(end + 2);
  }
  check(status == ReplyParser::Status::done && bytes.empty());
  return parser.take();
}

void check_reply(const Reply& reply) {
  check(reply.code >= 200 && reply.code <= 599 && !reply.lines.empty() && reply.lines.size() <= 128);
  for (const char c : reply.to_string()) check(c >= ' ' && c <= '~');
  const auto again = parse(render(reply));
  check(again.code == reply.code && again.lines.size() == reply.lines.size());
  parse_capabilities(reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  ReplyParser parser;
  while (!input.empty()) {
    const auto end = input.find('\n');
    const auto status = parser.add_line(input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (status == ReplyParser::Status::malformed) break;
    if (status == ReplyParser::Status::done) check_reply(parser.take());
  }
  return 0;
}
