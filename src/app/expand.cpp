#include "expand.hpp"

#include <algorithm>

namespace postern::app {

namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || digit(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

// What stands between the braces -> its value.
base::Result<std::string> look_up(std::string_view inside, const Variables& variables) {
  const auto colon = inside.find(":-");
  const std::string name(inside.substr(0, colon));
  // The text may be a password, so it is not repeated.
  if (!is_name(name))
    return base::fail(base::Errc::invalid, "'${' without the name of a variable; '$${' is a literal '${'");
  const auto found = variables.find(name);
  if (colon == std::string_view::npos) {
    if (found != variables.end()) return found->second;
    return base::fail(base::Errc::not_found, "the environment variable " + name + " is not set; ${" + name +
                                                 ":-default} gives a default");
  }
  if (found != variables.end() && !found->second.empty()) return found->second;
  return std::string(inside.substr(colon + 2));
}

}  // namespace

base::Result<std::string> expand(std::string_view text, const Variables& variables) {
  std::string out;
  while (true) {
    const auto start = text.find("${");
    out += text.substr(0, start);
    if (start == std::string_view::npos) return out;
    if (start > 0 && text[start - 1] == '$') {
      out += '{';
      text.remove_prefix(start + 2);
      continue;
    }
    const auto end = text.find('}', start);
    if (end == std::string_view::npos)
      return base::fail(base::Errc::invalid, "'${' without its '}'; '$${' is a literal '${'");
    auto value = look_up(text.substr(start + 2, end - start - 2), variables);
    if (value.has_error()) return value;
    out += *value;
    text.remove_prefix(end + 1);
  }
}

}  // namespace postern::app
