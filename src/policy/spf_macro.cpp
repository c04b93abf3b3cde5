#include "spf_macro.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "spf_grammar.hpp"

namespace postern::policy {

namespace {

using base::Errc;

constexpr std::string_view default_delimiter = ".";
constexpr std::string_view delimiters = ".-+,/_=";
constexpr std::string_view letters_of_names = "slodiphv";
constexpr std::string_view letters_of_explanations = "slodiphvcrt";
constexpr std::size_t longest_explanation = 500;
constexpr std::size_t enough_for_a_name =
    256;  // more than DNS carries: what is left of it gets cut off anyway

// A run of literals, or one macro-expand.
struct Part {
  std::string_view literal;  // where it is no macro of a letter
  bool macro = false;        // a macro-expand, %% %_ %- included
  char letter = 0;           // lower case
  bool escape = false;       // it was upper case
  std::size_t keep = 0;      // right-hand parts; 0: all
  bool reverse = false;
  std::string_view delimiters;

  bool transforms() const { return keep != 0 || reverse || !delimiters.empty(); }
};

struct Use {
  std::string_view letters;
  bool blanks = false;
};
constexpr Use in_domain{letters_of_names, false};
constexpr Use in_modifier{letters_of_explanations, false};
constexpr Use in_explanation{letters_of_explanations, true};

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

base::Result<Part> take_literals(std::string_view& text, Use use) {
  const auto end = std::min(text.find('%'), text.size());
  Part part;
  part.literal = text.substr(0, end);
  const auto allowed = [use](char c) { return is_visible(c) || (use.blanks && c == ' '); };
  if (!std::ranges::all_of(part.literal, allowed))
    return base::fail(Errc::invalid, "an octet that is not printable ASCII");
  text.remove_prefix(end);
  return part;
}

// The digits of a transformer, which may be any number of them. nullopt: zero (7.3: it must be nonzero).
std::optional<std::size_t> take_digits(std::string_view& body) {
  constexpr std::size_t plenty = 1000;  // more parts than any value that can matter has
  std::size_t out = 0;
  while (!body.empty() && is_digit(body.front())) {
    out = std::min(plenty, out * 10 + static_cast<std::size_t>(body.front() - '0'));
    body.remove_prefix(1);
  }
  return out == 0 ? std::nullopt : std::optional(out);
}

// `body` is what stands between %{ and }.
base::Result<Part> parse_macro(std::string_view body, Use use) {
  Part part;
  part.macro = true;
  if (body.empty()) return base::fail(Errc::invalid, "%{} without a macro letter");
  part.letter = lower(body.front());
  part.escape = part.letter != body.front();
  if (use.letters.find(part.letter) == std::string_view::npos)
    return base::fail(Errc::invalid, letters_of_explanations.find(part.letter) == std::string_view::npos
                                         ? fmt::format("no macro has the letter of %{{{}}}", body)
                                         : fmt::format("%{{{}}} is for explanations only", body));
  body.remove_prefix(1);
  if (!body.empty() && is_digit(body.front())) {
    const auto digits = take_digits(body);
    if (!digits) return base::fail(Errc::invalid, "a macro that keeps 0 parts");
    part.keep = *digits;
  }
  if (!body.empty() && lower(body.front()) == 'r') {
    part.reverse = true;
    body.remove_prefix(1);
  }
  part.delimiters = body;
  if (body.find_first_not_of(delimiters) != std::string_view::npos)
    return base::fail(Errc::invalid, fmt::format("{} is no delimiter of a macro", body));
  return part;
}

base::Result<Part> take_part(std::string_view& text, Use use) {
  if (text.front() != '%') return take_literals(text, use);
  const char kind = text.size() > 1 ? text[1] : '\0';
  if (kind == '{') {
    const auto close = text.find('}');
    if (close == std::string_view::npos) return base::fail(Errc::invalid, "%{ without }");
    auto part = parse_macro(text.substr(2, close - 2), use);
    text.remove_prefix(close + 1);
    return part;
  }
  Part part;
  part.macro = true;
  if (kind == '%') {
    part.literal = "%";
  } else if (kind == '_') {
    part.literal = " ";
  } else if (kind == '-') {
    part.literal = "%20";
  } else {
    return base::fail(Errc::invalid, "% that begins no macro: %% %_ %- or %{ is meant");
  }
  text.remove_prefix(2);
  return part;
}

// The last part of it; a macro where the text is empty.
base::Result<Part> check_parts(std::string_view text, Use use) {
  base::Result<Part> last = Part{};
  while (last && !text.empty()) last = take_part(text, use);
  return last;
}

bool is_top_label(std::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_alphanum(c) || c == '-'; }) &&
         !std::ranges::all_of(label, is_digit);
}

std::vector<Part> parts_of(std::string_view text) {
  std::vector<Part> out;
  while (!text.empty()) {
    auto part = take_part(text, in_explanation);
    if (!part) break;  // not reached by a text that was checked
    out.push_back(*part);
  }
  return out;
}

std::string reversible(const net::IpAddress& ip) {
  if (ip.is_v4()) return ip.to_string();
  std::string out;
  for (const auto byte : ip.bytes) out += fmt::format("{:X}.{:X}.", byte >> 4, byte & 15);
  out.pop_back();
  return out;
}

std::string value_of(char letter, const MacroValues& values) {
  switch (letter) {
    case 's':
      return fmt::format("{}@{}", values.local_part, values.sender_domain);
    case 'l':
      return std::string(values.local_part);
    case 'o':
      return std::string(values.sender_domain);
    case 'd':
      return std::string(values.domain);
    case 'i':
      return reversible(values.ip);
    case 'p':
      return std::string(values.validated);
    case 'v':
      return values.ip.is_v4() ? "in-addr" : "ip6";
    case 'h':
      return std::string(values.helo);
    case 'c':
      return values.ip.to_string();
    case 'r':
      return std::string(values.receiver.empty() ? "unknown" : values.receiver);
    default:
      return std::to_string(std::chrono::floor<std::chrono::seconds>(values.time).time_since_epoch().count());
  }
}

std::string transform(std::string_view value, const Part& part) {
  const auto split_at = part.delimiters.empty() ? default_delimiter : part.delimiters;
  std::vector<std::string_view> pieces;
  for (auto end = value.find_first_of(split_at); end != std::string_view::npos;
       end = value.find_first_of(split_at)) {
    pieces.push_back(value.substr(0, end));
    value.remove_prefix(end + 1);
  }
  pieces.push_back(value);
  if (part.reverse) std::ranges::reverse(pieces);
  const auto keep = part.keep == 0 ? pieces.size() : std::min(part.keep, pieces.size());
  return fmt::format("{}", fmt::join(pieces.end() - static_cast<std::ptrdiff_t>(keep), pieces.end(), "."));
}

std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alphanum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string expand(const Part& part, const MacroValues& values) {
  if (part.letter == 0) return std::string(part.literal);
  std::string value = value_of(part.letter, values);
  if (part.transforms()) value = transform(value, part);
  return part.escape ? url_escaped(value) : value;
}

}  // namespace

base::Result<void> check_domain_spec(std::string_view text) {
  if (text.empty()) return base::fail(Errc::invalid, "a domain is missing");
  const auto last = check_parts(text, in_domain);
  if (!last) return last.error();
  if (last->macro) return {};
  const auto name = without_final_dot(last->literal);
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || !is_top_label(name.substr(dot + 1)))
    return base::fail(Errc::invalid, fmt::format("{} does not end as a domain does", text));
  return {};
}

base::Result<void> check_macro_string(std::string_view text) {
  const auto last = check_parts(text, in_modifier);
  if (!last) return last.error();
  return {};
}

base::Result<void> check_explanation(std::string_view text) {
  const auto last = check_parts(text, in_explanation);
  if (!last) return last.error();
  return {};
}

bool has_macros(std::string_view text) {
  return text.find('%') != std::string_view::npos;
}

bool uses_macro(std::string_view text, char letter) {
  return has_macros(text) &&
         std::ranges::any_of(parts_of(text), [letter](const Part& part) { return part.letter == letter; });
}

bool uses_only(std::string_view text, std::string_view letters) {
  return !has_macros(text) || std::ranges::all_of(parts_of(text), [letters](const Part& part) {
    return part.letter == 0 || letters.find(part.letter) != std::string_view::npos;
  });
}

std::string expand_domain_spec(std::string_view text, const MacroValues& values) {
  if (!has_macros(text)) return std::string(fitting(text));
  std::string out;
  const auto parts = parts_of(text);
  // From the right: 64 KiB of macros must not become megabytes, of which 253 octets are used.
  for (auto part = parts.rbegin(); part != parts.rend() && out.size() < enough_for_a_name; ++part)
    out.insert(0, expand(*part, values));
  return std::string(fitting(out));
}

std::string expand_explanation(std::string_view text, const MacroValues& values) {
  std::string out;
  while (!text.empty() && out.size() < longest_explanation) {
    const auto part = take_part(text, in_explanation);
    if (!part) break;  // not reached by a text that was checked
    out += expand(*part, values);
  }
  out.resize(std::min(out.size(), longest_explanation));
  std::ranges::replace_if(
      out, [](char c) { return c != ' ' && !is_visible(c); }, '?');
  return out;
}

}  // namespace postern::policy
