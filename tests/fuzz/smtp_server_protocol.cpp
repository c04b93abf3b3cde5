// Any lines whatever: replies stay in form, counters in step, nothing crashes. The first byte chooses the
// options.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "postern/smtp/server_protocol.hpp"

using namespace postern::smtp;

namespace {

void check(bool right) {
  if (!right) std::abort();
}

void check_reply(const Reply& reply) {
  const auto bytes = render(reply);
  check(reply.code >= 200 && reply.code < 600 && bytes.ends_with("\r\n"));
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = bytes.find("\r\n", at);
    check(end != std::string::npos && end - at <= 510);
    for (; at < end; ++at) check(bytes[at] >= ' ' && bytes[at] <= '~');
    at = end + 2;
  }
}

ServerOptions options(std::uint8_t bits) {
  ServerOptions options;
  options.hostname = "mail.example.com";
  options.offer_starttls = bits & 1;
  options.require_tls = bits & 2;
  options.offer_auth = bits & 4;
  options.require_auth = bits & 8;
  options.enhanced_codes = bits & 16;
  options.max_errors = 1000;
  options.max_recipients = 3;
  return options;
}

Reply obey(ServerProtocol& protocol, const Step& step) {
  Reply accepted;
  accepted.code = 250;
  switch (step.action) {
    case Action::check_sender:
      return protocol.sender_checked(accepted);
    case Action::check_recipient:
      for (const char c : step.rcpt.path) check(c >= ' ' && c <= '~');
      check(!step.rcpt.path.empty());
      return protocol.recipient_checked(accepted);
    case Action::check_auth:
      check(!step.auth.user.empty() && !step.auth.password.empty());
      return protocol.auth_checked(step.auth.password.size() % 2 == 0);
    case Action::read_body:
      check(protocol.in_transaction() && protocol.recipients() > 0);
      protocol.body_done();
      break;
    case Action::start_tls:
      protocol.tls_started();
      check(!protocol.in_transaction() && protocol.helo().empty());
      break;
    case Action::reply:
    case Action::reply_and_close:
      break;
  }
  return step.reply;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ServerProtocol protocol(options(data[0]));
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!input.empty()) {
    const auto end = input.find('\n');
    const auto line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    const auto step = line.size() > ServerProtocol::max_line ? protocol.line_too_long() : protocol.line(line);
    check_reply(obey(protocol, step));
    check(protocol.recipients() <= 3);
    if (step.action == Action::reply_and_close) break;
  }
  return 0;
}
