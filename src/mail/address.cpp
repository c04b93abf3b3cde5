#include "postern/mail/address.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "mail/grammar.hpp"
#include "postern/base/text.hpp"

namespace postern::mail {

namespace {

constexpr std::size_t max_mailbox = 254;  // RFC 5321 4.5.3.1.3: a path of 256 with its brackets
constexpr std::size_t max_local = 64;     // 4.5.3.1.1
constexpr std::size_t max_label = 63;     // RFC 1035 2.3.4

// A quoted local part may hold an @, but only a local part alone ends with a quote.
std::size_t at_sign(std::string_view address) {
  return address.ends_with('"') ? std::string_view::npos : address.rfind('@');
}

bool is_dot_string(std::string_view text) {
  bool after_dot = true;
  for (const char c : text) {
    if (c == '.' ? after_dot : !is_atext(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

// Quoted-string of RFC 5321 4.1.2: stricter than that of RFC 5322, no folding and no controls.
bool is_quoted_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] == '\\' && ++i == text.size()) return false;
    if (!is_printable(text[i])) return false;
  }
  return true;
}

bool is_label(std::string_view text) {
  if (text.empty() || text.size() > max_label || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_domain_name(std::string_view text) {
  for (;;) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// RFC 5321 4.1.3. IPv6 is the only tag that was ever registered.
bool is_address_literal(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  const std::string inside(text.substr(1, text.size() - 2));
  constexpr std::size_t tag = std::string_view("IPv6:").size();
  in6_addr binary{};
  if (base::equals_ignoring_case(std::string_view(inside).substr(0, tag), "IPv6:")) {
    return inet_pton(AF_INET6, inside.c_str() + tag, &binary) == 1;
  }
  return inet_pton(AF_INET, inside.c_str(), &binary) == 1;
}

}  // namespace

bool is_local_part(std::string_view text) {
  return !text.empty() && text.size() <= max_local && (is_dot_string(text) || is_quoted_string(text));
}

base::Result<std::string> parse_mailbox(std::string_view text) {
  if (text.empty()) return std::string();
  if (text.size() > max_mailbox) return base::fail(base::Errc::invalid, "address over 254 octets");
  const auto at = at_sign(text);
  if (at == std::string_view::npos) return base::fail(base::Errc::invalid, "address without a domain");
  if (!is_local_part(text.substr(0, at))) return base::fail(base::Errc::invalid, "bad local part");
  const std::string_view domain = text.substr(at + 1);
  if (!is_domain_name(domain) && !is_address_literal(domain)) {
    return base::fail(base::Errc::invalid, "bad domain");
  }
  return std::string(text);
}

std::string_view local_part(std::string_view address) {
  return address.substr(0, at_sign(address));
}

std::string_view domain_of(std::string_view address) {
  const auto at = at_sign(address);
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

std::string lookup_key(std::string_view address) {
  const auto local = local_part(address);
  if (!is_quoted_string(local)) return base::to_lower(address);
  std::string inside, quoted = "\"";
  for (std::size_t i = 1; i + 1 < local.size(); ++i) {
    if (local[i] == '\\') ++i;
    if (local[i] == '\\' || local[i] == '"') quoted += '\\';
    inside += local[i];
    quoted += local[i];
  }
  const auto rest = address.substr(local.size());
  return base::to_lower(is_dot_string(inside) ? inside.append(rest) : quoted.append("\"").append(rest));
}

bool matches_pattern(std::string_view pattern, std::string_view address) {
  // On a mismatch only the last * has to give way: an earlier one could not do better.
  std::size_t p = 0, a = 0, star = std::string_view::npos, resume = 0;
  while (a < address.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = a;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(address[a]))) {
      ++p;
      ++a;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      a = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace postern::mail
