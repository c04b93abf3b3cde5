#include "dns_cursor.hpp"

namespace postern::net {

namespace {

constexpr std::size_t longest_name = 254;  // 255 octets with the empty label
constexpr std::uint8_t pointer_bits = 0xc0;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::uint8_t octet_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

}  // namespace

bool DnsCursor::has(std::size_t at, std::size_t size) {
  good_ = good_ && at <= message_.size() && size <= message_.size() - at;
  return good_;
}

std::uint8_t DnsCursor::octet() {
  return has(at_, 1) ? octet_at(message_, at_++) : std::uint8_t{0};
}

std::uint16_t DnsCursor::word() {
  const unsigned high = octet();
  return static_cast<std::uint16_t>(high << 8 | octet());
}

std::uint32_t DnsCursor::long_word() {
  const std::uint32_t high = word();
  return high << 16 | word();
}

std::string_view DnsCursor::take(std::size_t size) {
  if (!has(at_, size)) return {};
  at_ += size;
  return message_.substr(at_ - size, size);
}

std::string DnsCursor::name() {
  std::string out;
  std::size_t at = at_;
  std::size_t before = at_;  // a pointer leads to an earlier place than the last one did: no loop
  bool jumped = false;
  while (has(at, 1)) {
    const std::uint8_t size = octet_at(message_, at);
    if (size == 0) {
      if (!jumped) at_ = at + 1;
      return out;
    }
    if ((size & pointer_bits) == pointer_bits) {
      if (!has(at, 2)) break;
      const std::size_t target = (size & 0x3fU) << 8 | octet_at(message_, at + 1);
      if (!jumped) at_ = at + 2;
      jumped = true;
      good_ = target < before;
      at = before = target;
      continue;
    }
    good_ = (size & pointer_bits) == 0 && out.size() + 1 + size <= longest_name;
    if (!has(at, 1U + size)) break;
    // The length is no letter: at most 63.
    for (const char c : message_.substr(at, 1U + size)) out += lower(c);
    at += 1U + size;
  }
  return {};
}

bool to_text(std::string_view wire, std::string& text) {
  text.clear();
  while (!wire.empty()) {
    const auto label = wire.substr(1, octet_at(wire, 0));
    if (label.find('.') != label.npos || label.find('\0') != label.npos) return false;
    if (!text.empty()) text += '.';
    text += label;
    wire.remove_prefix(1 + label.size());
  }
  return true;
}

std::string to_wire(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(label.size() == name.size() ? label.size() : label.size() + 1);
  }
  return out;
}

}  // namespace postern::net
