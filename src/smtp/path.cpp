#include "path.hpp"

#include <algorithm>

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"
#include "text.hpp"

namespace postern::smtp {
namespace {

// The '>' that closes a path which begins at 0 with '<'; quoted strings may hold one (RFC 5321 4.1.2).
std::size_t closing_bracket(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '>' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

Parameter split_parameter(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {word, std::nullopt};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && base::equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

bool is_hexchar(std::string_view text) {
  const auto hex = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); };
  return text.size() >= 3 && hex(text[1]) && hex(text[2]);
}

}  // namespace

std::optional<PathArgument> split_path_argument(std::string_view argument, std::string_view keyword) {
  if (!starts_with_ignoring_case(argument, keyword)) return std::nullopt;
  const auto rest = base::trim(argument.substr(keyword.size()));  // "FROM: <a@b>" is wide-spread
  if (rest.empty() || rest.front() != '<') return std::nullopt;
  const auto close = closing_bracket(rest);
  if (close == std::string_view::npos) return std::nullopt;
  auto words = rest.substr(close + 1);
  if (!words.empty() && !is_blank(words.front())) return std::nullopt;
  PathArgument result{rest.substr(1, close - 1), {}};
  for (words = base::trim(words); !words.empty();)
    result.parameters.push_back(split_parameter(take_word(words)));
  return result;
}

std::optional<std::string_view> strip_source_route(std::string_view path) {
  if (path.empty() || path.front() != '@') return path;
  bool literal = false;  // [IPv6:..] has colons of its own
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[') literal = true;
    if (path[i] == ']') literal = false;
    if (path[i] == ':' && !literal) return path.substr(i + 1);
  }
  return std::nullopt;
}

bool is_address(std::string_view path) {
  if (path.empty()) return false;  // parse_mailbox takes the null path
  return mail::parse_mailbox(path).has_value() ||
         mail::parse_mailbox(std::string(path) + "@localhost").has_value();
}

bool has_eight_bit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_eight_bit);
}

bool is_xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && !is_hexchar(text.substr(i))) return false;
    if (text[i] == '=' || text[i] == ' ' || is_control(text[i]) || is_eight_bit(text[i])) return false;
  }
  return true;
}

}  // namespace postern::smtp
