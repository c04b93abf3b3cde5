// A header section that parses comes out as it went in, and the fix-ups make of it one that parses again.
#include <cstdint>
#include <cstdlib>

#include "postern/mail/fixups.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

mail::RewriteRules rules() {
  mail::RewriteRules out;
  out.default_domain = "example.com";
  out.sender = {{"*", "ops@example.com"}};
  out.from = {{"*@x", "noreply@example.com", true}};
  out.null_sender = "bounces@example.com";
  return out;
}

mail::Trace trace(std::string_view helo) {
  mail::Trace out;
  out.helo = helo;
  out.client = "::1";
  out.protocol = "ESMTP";
  out.id = "ID";
  out.sender = "sender@example.com";
  out.single_recipient = helo;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto header = mail::HeaderBlock::parse(bytes, 4096);
  if (header.has_error()) return 0;
  require(header->bytes() == bytes);
  for (const auto& field : header->fields()) require(field.unfolded().find('\n') == std::string::npos);
  const auto fixed = mail::fix(*header, {true, 5, "mail.example.com"}, rules(), trace(bytes.substr(0, 300)));
  if (fixed.has_error()) return 0;
  const auto again = mail::HeaderBlock::parse(header->bytes());
  require(again.has_value() && again->fields().size() == header->fields().size());
  require(again->count("From") == 1 && again->count("Date") >= 1 && again->count("Bcc") == 0);
  return 0;
}
