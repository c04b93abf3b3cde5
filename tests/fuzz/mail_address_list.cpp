// Addresses lie where the parser says, in order, and can be replaced there; a mailbox it takes is 7 bit.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "postern/mail/address.hpp"
#include "postern/mail/from.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_seven_bit(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void check_mailbox(std::string_view text) {
  const auto mailbox = mail::parse_mailbox(text);
  if (mailbox.has_error() || mailbox->empty()) return;
  require(is_seven_bit(*mailbox) && mailbox->size() <= 254);
  const std::string local(mail::local_part(*mailbox));
  require(mail::is_local_part(local));
  require(local + "@" + std::string(mail::domain_of(*mailbox)) == *mailbox);
}

// What is mended reads as one address from then on, and is no other header field.
void check_mended(std::string_view body) {
  const auto mended = mail::mended_from(body);
  if (!mended) return;
  const auto addresses = mail::parse_address_list(*mended);
  require(addresses && addresses->size() == 1 && !mail::mended_from(*mended));
  require(std::count(mended->begin(), mended->end(), '\n') <= std::count(body.begin(), body.end(), '\n'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_mailbox(body);
  check_mended(body);
  const auto list = mail::parse_address_list(body);
  if (list.has_error()) return 0;
  std::string replaced;
  std::size_t copied = 0;
  for (const auto& found : *list) {
    require(found.begin >= copied && found.begin < found.end && found.end <= size);
    require(!found.address.empty() && is_seven_bit(found.address));
    replaced.append(body.substr(copied, found.begin - copied)).append("n@example.com");
    copied = found.end;
  }
  replaced.append(body.substr(copied));
  if (body.find("=?") != std::string_view::npos)
    return 0;  // an address with a ? may have broken an encoded-word
  const auto again = mail::parse_address_list(replaced);
  require(again.has_value() && again->size() == list->size());
  for (const auto& found : *again) require(found.address == "n@example.com");
  return 0;
}
