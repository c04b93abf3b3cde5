#include "api_operation.hpp"

#include <array>

#include "postern/net/http_server.hpp"

namespace postern::sandbox {
namespace {

struct Entry {
  Operation operation;
  std::string_view name;
  std::string_view method;
  std::string_view prefix;  // the path up to its argument
  bool argument;
  std::string_view suffix;  // the path behind it
};

constexpr std::string_view addresses = "/v2/email/suppression/addresses";
constexpr std::string_view one_address = "/v2/email/suppression/addresses/";
constexpr std::string_view one_set = "/v2/email/configuration-sets/";

constexpr std::array<Entry, 8> table{{
    {Operation::list_suppressed_destinations, "ListSuppressedDestinations", "GET", addresses, false, ""},
    {Operation::get_suppressed_destination, "GetSuppressedDestination", "GET", one_address, true, ""},
    {Operation::put_suppressed_destination, "PutSuppressedDestination", "PUT", addresses, false, ""},
    {Operation::delete_suppressed_destination, "DeleteSuppressedDestination", "DELETE", one_address, true,
     ""},
    {Operation::put_account_suppression_attributes, "PutAccountSuppressionAttributes", "PUT",
     "/v2/email/account/suppression", false, ""},
    {Operation::get_account, "GetAccount", "GET", "/v2/email/account", false, ""},
    {Operation::get_configuration_set, "GetConfigurationSet", "GET", one_set, true, ""},
    {Operation::put_configuration_set_suppression_options, "PutConfigurationSetSuppressionOptions", "PUT",
     one_set, true, "/suppression-options"},
}};

// What stands between prefix and suffix; nullopt: the path is another.
std::optional<std::string_view> between(std::string_view path, const Entry& entry) {
  if (!path.starts_with(entry.prefix)) return std::nullopt;
  path.remove_prefix(entry.prefix.size());
  if (!path.ends_with(entry.suffix)) return std::nullopt;
  path.remove_suffix(entry.suffix.size());
  const bool one_segment = path.find('/') == std::string_view::npos;
  if (path.empty() == entry.argument || !one_segment) return std::nullopt;
  return path;
}

}  // namespace

std::string_view to_string(Operation operation) {
  for (const auto& entry : table)
    if (entry.operation == operation) return entry.name;
  return {};
}

std::optional<Operation> parse_operation(std::string_view name) {
  if (name.starts_with("ses:")) name.remove_prefix(4);
  for (const auto& entry : table)
    if (entry.name == name) return entry.operation;
  return std::nullopt;
}

std::optional<Route> find_route(std::string_view method, std::string_view path) {
  for (const auto& entry : table) {
    if (entry.method != method) continue;
    if (const auto argument = between(path, entry))
      return Route{entry.operation, net::percent_decode(*argument)};
  }
  return std::nullopt;
}

}  // namespace postern::sandbox
