#include "dmarc_names.hpp"

#include <algorithm>

#include "postern/base/text.hpp"

namespace postern::policy {

std::string normal_domain(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return base::to_lower(domain);
}

std::string_view parent_domain(std::string_view domain) {
  const auto dot = domain.find('.');
  return dot == std::string_view::npos ? std::string_view() : domain.substr(dot + 1);
}

std::size_t label_count(std::string_view domain) {
  if (domain.empty()) return 0;
  return static_cast<std::size_t>(std::count(domain.begin(), domain.end(), '.')) + 1;
}

std::string_view last_labels(std::string_view domain, std::size_t count) {
  for (auto more = label_count(domain); more > count; --more) domain = parent_domain(domain);
  return domain;
}

bool is_under(std::string_view domain, std::string_view top) {
  if (!domain.ends_with(top)) return false;
  return domain.size() == top.size() || domain[domain.size() - top.size() - 1] == '.';
}

}  // namespace postern::policy
