#include "aws/json.hpp"

#include <fmt/format.h>

#include <boost/json/parser.hpp>
#include <cmath>

namespace postern::aws {

namespace json = boost::json;

namespace {

base::Error not_a(std::string_view what, std::string_view name) {
  return base::fail(base::Errc::protocol, fmt::format("{} is not {}", name, what));
}

json::string_view key(std::string_view name) {
  return {name.data(), name.size()};
}

}  // namespace

base::Result<json::object> parse_object(std::string_view text) {
  constexpr std::size_t deepest = 16;
  json::parse_options options;
  options.max_depth = deepest;
  json::parser parser({}, options);
  boost::system::error_code error;
  const auto used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size() && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
    return base::fail(base::Errc::protocol, fmt::format("not JSON: something follows at byte {}", used));
  if (error)
    return base::fail(base::Errc::protocol, fmt::format("not JSON at byte {}: {}", used, error.message()));
  json::value value = parser.release();
  if (!value.is_object()) return base::fail(base::Errc::protocol, "JSON, but not an object");
  return std::move(value.as_object());
}

const json::value* member(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(key(name));
  return found == nullptr || found->is_null() ? nullptr : found;
}

base::Result<std::string> text_member(const json::object& object, std::string_view name) {
  const auto* found = member(object, name);
  if (found == nullptr) return std::string();
  if (!found->is_string()) return not_a("text", name);
  return std::string(found->get_string());
}

base::Result<double> number_member(const json::object& object, std::string_view name) {
  const auto* found = member(object, name);
  if (found == nullptr) return 0.0;
  if (!found->is_number()) return not_a("a number", name);
  return found->to_number<double>();
}

base::Result<bool> flag_member(const json::object& object, std::string_view name, bool fallback) {
  const auto* found = member(object, name);
  if (found == nullptr) return fallback;
  if (!found->is_bool()) return not_a("true or false", name);
  return found->get_bool();
}

base::Result<std::vector<std::string>> texts_member(const json::object& object, std::string_view name) {
  std::vector<std::string> out;
  const auto* found = member(object, name);
  if (found == nullptr) return out;
  if (!found->is_array()) return not_a("a list", name);
  for (const auto& one : found->get_array()) {
    if (!one.is_string()) return not_a("a list of text", name);
    out.emplace_back(one.get_string());
  }
  return out;
}

base::Result<json::object> object_member(const json::object& object, std::string_view name) {
  const auto* found = member(object, name);
  if (found == nullptr) return json::object();
  if (!found->is_object()) return not_a("an object", name);
  return found->get_object();
}

base::Result<base::WallTime> time_member(const json::object& object, std::string_view name) {
  const auto seconds = number_member(object, name);
  if (!seconds) return seconds.error();
  constexpr double year_5138 = 1e11;
  if (!(*seconds >= 0 && *seconds < year_5138)) return not_a("a time", name);
  return base::WallTime(base::Duration(static_cast<std::int64_t>(std::floor(*seconds * 1000))));
}

}  // namespace postern::aws
