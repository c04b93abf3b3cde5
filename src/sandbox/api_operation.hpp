// The operations of SES v2 that the sandbox serves, and which of them a request asks for. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::sandbox {

enum class Operation {
  list_suppressed_destinations,
  get_suppressed_destination,
  put_suppressed_destination,
  delete_suppressed_destination,
  put_account_suppression_attributes,
  get_account,
  get_configuration_set,
  put_configuration_set_suppression_options,
};

std::string_view to_string(Operation operation);                  // "ListSuppressedDestinations"
std::optional<Operation> parse_operation(std::string_view name);  // with or without "ses:"

struct Route {
  Operation operation;
  std::string argument;  // what the path names (address, configuration set), decoded
};

// `path` as on the wire.
std::optional<Route> find_route(std::string_view method, std::string_view path);

}  // namespace postern::sandbox
