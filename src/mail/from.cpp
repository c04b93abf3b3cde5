#include "postern/mail/from.hpp"

#include <algorithm>

#include "mail/grammar.hpp"
#include "postern/mail/address.hpp"

namespace postern::mail {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The name without the quotes and backslashes that were put in, and without its folding.
std::string bare_name(std::string_view text) {
  std::string out;
  for (const char c : trimmed(text)) {
    if (c != '"' && c != '\\' && c != '\r' && c != '\n') out += c;
  }
  return std::string(trimmed(out));
}

bool is_one_address(std::string_view body) {
  const auto addresses = parse_address_list(body);
  return addresses && addresses->size() == 1;
}

}  // namespace

std::vector<std::string> from_addresses(const HeaderBlock& header) {
  std::vector<std::string> out;
  const auto* from = header.find("From");
  if (from == nullptr) return out;
  const auto addresses = parse_address_list(from->body());
  if (!addresses) return out;
  // An unquoted "Acme, Inc. <a@b>" reads as two addresses, the first without a domain.
  for (const auto& one : *addresses) {
    if (!domain_of(one.address).empty()) out.push_back(one.address);
  }
  return out;
}

std::vector<std::string> from_addresses_of(std::string_view header) {
  const auto parsed = HeaderBlock::parse(header, header.size());
  return parsed ? from_addresses(*parsed) : std::vector<std::string>();
}

std::optional<std::string> mended_from(std::string_view body) {
  const auto text = trimmed(body);
  const auto open = text.find('<');
  const bool one = open != std::string_view::npos && text.find('>') == text.size() - 1 &&
                   text.find('<', open + 1) == std::string_view::npos;
  if (!one || parse_address_list(body)) return std::nullopt;
  const auto name = bare_name(text.substr(0, open));
  const std::string address(text.substr(open));
  // RFC 2047 5: an encoded-word is none within quotes.
  const std::string quote = name.find("=?") == std::string::npos ? "\"" : "";
  auto mended = name.empty() ? address : quote + name + quote + " " + address;
  if (!is_one_address(mended)) return std::nullopt;
  return mended;
}

}  // namespace postern::mail
