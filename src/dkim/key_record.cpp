#include "key_record.hpp"

#include <algorithm>

#include "openssl.hpp"
#include "postern/base/text.hpp"

namespace postern::dkim {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::size_t shown = 40;  // octets of a record in a message

base::Error bad(std::string what) {
  return base::fail(base::Errc::invalid, std::move(what));
}

std::string_view trimmed(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// The first part, which is taken off `rest` together with the delimiter.
std::string_view take_part(std::string_view& rest, char delimiter) {
  const auto part = rest.substr(0, rest.find(delimiter));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

bool is_printable(char c) {
  return c == '\t' || (c >= ' ' && c <= '~');
}

// tag-name of RFC 6376 3.2
bool is_tag_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), inner);
}

base::Result<void> add_tag(KeyRecord& record, std::string_view spec) {
  const auto equals = spec.find('=');
  const auto name = trimmed(spec.substr(0, equals));
  if (equals == std::string_view::npos || !is_tag_name(name))
    return bad("'" + std::string(trimmed(spec).substr(0, shown)) + "' is not of the form tag=value");
  const bool added = record.tags.emplace(name, trimmed(spec.substr(equals + 1))).second;
  if (!added) return bad("it has " + std::string(name) + "= twice");
  return {};
}

base::Result<void> check_characters(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_printable))
    return bad("it has characters that are not printable ASCII, a line break perhaps");
  if (text.find("\\;") != std::string_view::npos)
    return bad("the backslash before ';' belongs into zone files only, it has been published");
  return {};
}

}  // namespace

std::string_view KeyRecord::value(std::string_view tag) const {
  const auto found = tags.find(tag);
  return found == tags.end() ? std::string_view() : std::string_view(found->second);
}

bool KeyRecord::lists(std::string_view tag, std::string_view wanted) const {
  auto rest = value(tag);
  while (!rest.empty()) {
    if (base::equals_ignoring_case(trimmed(take_part(rest, ':')), wanted)) return true;
  }
  return false;
}

base::Result<KeyRecord> parse_key_record(std::string_view text) {
  const auto characters = check_characters(text);
  if (!characters) return characters.error();
  KeyRecord record;
  auto rest = trimmed(text);
  const auto first = trimmed(rest.substr(0, rest.find('=')));
  while (!rest.empty()) {
    const auto added = add_tag(record, take_part(rest, ';'));
    if (!added) return added.error();
  }
  if (record.has("v") && record.value("v") != "DKIM1")
    return bad("v=" + std::string(record.value("v").substr(0, shown)) + " is not DKIM1");
  if (record.has("v") && first != "v") return bad("v= must be its first tag");
  if (!record.has("p")) return bad("it has no p=");
  return record;
}

base::Result<std::string> decode_key_data(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c != ' ' && c != '\t'; });
  const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto odd = std::min(digits.find_first_not_of(alphabet), digits.size());
  const auto padding = digits.size() - odd;
  if (digits.size() % 4 != 0 || padding > 2 || digits.find_first_not_of('=', odd) != std::string::npos)
    return bad("p= is not base64, or has been cut off");
  std::string out(digits.size() / 4 * 3, '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(digits.data()), static_cast<int>(digits.size()));
  out.resize(out.size() - padding);
  return out;
}

}  // namespace postern::dkim
