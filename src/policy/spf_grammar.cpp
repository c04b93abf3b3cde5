#include "spf_grammar.hpp"

#include <algorithm>

#include "postern/base/text.hpp"

namespace postern::policy {

namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= longest_label &&
         std::ranges::all_of(label, [](char c) { return c == ' ' || is_visible(c); });
}

}  // namespace

std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool is_dns_name(std::string_view name) {
  name = without_final_dot(name);
  if (name.size() > longest_name) return false;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!is_label(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return is_label(name);
}

bool is_checkable_domain(std::string_view name) {
  name = without_final_dot(name);
  return is_dns_name(name) && name.find('.') != std::string_view::npos && name.front() != '[';
}

std::string_view fitting(std::string_view name) {
  name = without_final_dot(name);
  while (name.size() > longest_name) {
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return {};
    name.remove_prefix(dot + 1);
  }
  return name;
}

bool is_at_or_below(std::string_view name, std::string_view domain) {
  name = without_final_dot(name);
  domain = without_final_dot(domain);
  if (name.size() < domain.size()) return false;
  const auto cut = name.size() - domain.size();
  return base::equals_ignoring_case(name.substr(cut), domain) && (cut == 0 || name[cut - 1] == '.');
}

}  // namespace postern::policy
