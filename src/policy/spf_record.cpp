#include "spf_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "postern/base/text.hpp"
#include "spf_grammar.hpp"
#include "spf_macro.hpp"

namespace postern::policy {

namespace {

using base::equals_ignoring_case;
using base::Errc;

constexpr std::string_view version = "v=spf1";

base::Error wrong(std::string_view term, std::string_view why) {
  constexpr std::size_t shown = 100;
  std::string printable(term.substr(0, shown));
  std::ranges::replace_if(
      printable, [](char c) { return !is_visible(c); }, '?');
  return base::fail(Errc::invalid, fmt::format("{}{}: {}", printable, term.size() > shown ? "..." : "", why));
}

std::optional<SpfMechanism> mechanism_of(std::string_view name) {
  using enum SpfMechanism;
  static constexpr std::array<std::pair<std::string_view, SpfMechanism>, 8> all_of_them{{{"all", all},
                                                                                         {"include", include},
                                                                                         {"a", a},
                                                                                         {"mx", mx},
                                                                                         {"ptr", ptr},
                                                                                         {"ip4", ip4},
                                                                                         {"ip6", ip6},
                                                                                         {"exists", exists}}};
  for (const auto& [known, mechanism] : all_of_them) {
    if (equals_ignoring_case(known, name)) return mechanism;
  }
  return std::nullopt;
}

SpfResult take_qualifier(std::string_view& term) {
  const char c = term.front();
  if (c == '+' || c == '-' || c == '?' || c == '~') term.remove_prefix(1);
  return c == '-'   ? SpfResult::fail
         : c == '?' ? SpfResult::neutral
         : c == '~' ? SpfResult::softfail
                    : SpfResult::pass;
}

// A prefix length without its slash: no sign, no leading zero.
bool read_prefix(std::string_view digits, int most, int& out) {
  if (digits.empty() || digits.size() > 3 || !std::ranges::all_of(digits, is_digit)) return false;
  if (digits.front() == '0' && digits.size() > 1) return false;
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  if (value > most) return false;
  out = value;
  return true;
}

// Cuts "/" and the digits behind it off the end. A slash without digits stays: then it belongs to the name.
std::optional<std::string_view> cut_prefix(std::string_view& text, std::string_view slashes) {
  const auto last = text.find_last_not_of("0123456789");
  if (last == std::string_view::npos || last + 1 == text.size()) return std::nullopt;
  if (!text.substr(0, last + 1).ends_with(slashes)) return std::nullopt;
  const auto digits = text.substr(last + 1);
  text.remove_suffix(digits.size() + slashes.size());
  return digits;
}

base::Result<void> take_dual_cidr(std::string_view& rest, SpfDirective& into) {
  if (const auto six = cut_prefix(rest, "//")) {
    if (!read_prefix(*six, 128, into.prefix6)) return wrong(into.text, "an IPv6 prefix length is 0 to 128");
  }
  if (const auto four = cut_prefix(rest, "/")) {
    if (!read_prefix(*four, 32, into.prefix4)) return wrong(into.text, "an IPv4 prefix length is 0 to 32");
  }
  return {};
}

// [":" domain-spec], or with `required` ":" domain-spec.
base::Result<void> take_domain(std::string_view rest, bool required, SpfDirective& into) {
  if (rest.empty() && !required) return {};
  if (!rest.starts_with(':')) return wrong(into.text, "\":\" and a domain are expected behind the name");
  rest.remove_prefix(1);
  if (const auto checked = check_domain_spec(rest); !checked)
    return wrong(into.text, checked.error().message);
  into.domain_spec = rest;
  return {};
}

// inet_pton takes no leading zeros, hence neither qnum does.
base::Result<void> take_network(std::string_view rest, SpfDirective& into) {
  const bool four = into.mechanism == SpfMechanism::ip4;
  const auto complaint = four ? "an IPv4 network is expected, as in ip4:192.0.2.0/24"
                              : "an IPv6 network is expected, as in ip6:2001:db8::/32";
  if (!rest.starts_with(':')) return wrong(into.text, complaint);
  rest.remove_prefix(1);
  const auto slash = rest.find('/');
  const auto digits = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  auto& prefix = four ? into.prefix4 : into.prefix6;
  if (slash != std::string_view::npos && !read_prefix(digits, four ? 32 : 128, prefix))
    return wrong(into.text, four ? "a prefix length is 0 to 32" : "a prefix length is 0 to 128");
  const auto text = rest.substr(0, slash);
  const bool looks_v6 = text.find(':') != std::string_view::npos;
  const auto address = net::IpAddress::parse(text);
  if (!address || looks_v6 == four || text.starts_with('[')) return wrong(into.text, complaint);
  into.address = *address;
  return {};
}

base::Result<void> take_rest(std::string_view rest, SpfDirective& into) {
  switch (into.mechanism) {
    case SpfMechanism::all:
      if (!rest.empty()) return wrong(into.text, "nothing may stand behind \"all\"");
      return {};
    case SpfMechanism::include:
    case SpfMechanism::exists:
      return take_domain(rest, true, into);
    case SpfMechanism::ptr:
      return take_domain(rest, false, into);
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
      return take_network(rest, into);
    case SpfMechanism::a:
    case SpfMechanism::mx:
      break;
  }
  const auto prefixes = take_dual_cidr(rest, into);
  if (!prefixes) return prefixes;
  return take_domain(rest, false, into);
}

base::Result<SpfDirective> parse_directive(std::string_view term) {
  SpfDirective out;
  out.text = term;
  out.result = take_qualifier(term);
  const auto end = std::ranges::find_if(term, [](char c) { return c == ':' || c == '/'; });
  const auto name = term.substr(0, static_cast<std::size_t>(end - term.begin()));
  const auto mechanism = mechanism_of(name);
  if (!mechanism) return wrong(out.text, "no such mechanism");
  out.mechanism = *mechanism;
  const auto rest = take_rest(term.substr(name.size()), out);
  if (!rest) return rest.error();
  return out;
}

// The length of the name of a modifier: what stands before its =. 0: the term is a directive.
std::size_t modifier_name(std::string_view term) {
  if (!is_alpha(term.front())) return 0;
  const auto end = std::ranges::find_if_not(
      term, [](char c) { return is_alphanum(c) || c == '-' || c == '_' || c == '.'; });
  return end != term.end() && *end == '=' ? static_cast<std::size_t>(end - term.begin()) : 0;
}

base::Result<void> take_modifier(std::string_view term, std::size_t name_size, SpfRecord& into) {
  const auto name = term.substr(0, name_size);
  const auto value = term.substr(name_size + 1);
  const bool redirect = equals_ignoring_case(name, "redirect");
  if (!redirect && !equals_ignoring_case(name, "exp")) {
    if (const auto checked = check_macro_string(value); !checked) return wrong(term, checked.error().message);
    return {};
  }
  auto& modifier = redirect ? into.redirect : into.exp;
  if (!modifier.text.empty()) return wrong(term, fmt::format("a second {}=", redirect ? "redirect" : "exp"));
  if (const auto checked = check_domain_spec(value); !checked) return wrong(term, checked.error().message);
  modifier = {term, value};
  return {};
}

base::Result<void> take_term(std::string_view term, SpfRecord& into) {
  if (const auto name_size = modifier_name(term); name_size != 0) return take_modifier(term, name_size, into);
  auto directive = parse_directive(term);
  if (!directive) return directive.error();
  into.directives.push_back(*directive);
  return {};
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return equals_ignoring_case(text.substr(0, version.size()), version) &&
         (text.size() == version.size() || text[version.size()] == ' ');
}

base::Result<SpfRecord> parse_spf_record(std::string_view text) {
  if (!is_spf_record(text)) return base::fail(Errc::invalid, "a record begins with v=spf1 and a blank");
  text.remove_prefix(version.size());
  SpfRecord out;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return out;
    const auto term = text.substr(0, text.find(' '));
    text.remove_prefix(term.size());
    const auto taken = take_term(term, out);
    if (!taken) return taken.error();
  }
}

bool costs_lookup(SpfMechanism mechanism) {
  using enum SpfMechanism;
  return mechanism != all && mechanism != ip4 && mechanism != ip6;
}

net::Network network_of(const net::IpAddress& address, const SpfDirective& directive) {
  constexpr int bits_before_v4 = 96;
  net::Network out{address, address.is_v4() && directive.mechanism != SpfMechanism::ip6
                                ? bits_before_v4 + directive.prefix4
                                : directive.prefix6};
  for (std::size_t byte = 0; byte < out.address.bytes.size(); ++byte) {
    const int kept = std::clamp(out.prefix - static_cast<int>(byte) * 8, 0, 8);
    out.address.bytes[byte] = static_cast<std::uint8_t>(out.address.bytes[byte] & (0xff00u >> kept));
  }
  return out;
}

}  // namespace postern::policy
