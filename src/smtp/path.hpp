// The arguments of MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3): "FROM:<path> KEY=VALUE ..." taken apart, the
// path checked and freed of its source route. Private to the module; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/smtp/reply.hpp"

namespace postern::smtp {

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;  // nullopt: no "="
};

struct PathArgument {
  std::string_view path;  // between the brackets
  std::vector<Parameter> parameters;
};

// keyword is "FROM:" or "TO:". nullopt: not of that form. The views point into `argument`.
std::optional<PathArgument> split_path_argument(std::string_view argument, std::string_view keyword);

// "@a,@b:u@d" -> "u@d" (RFC 5321 4.1.1.3 and appendix C); nullopt: a route without an end.
std::optional<std::string_view> strip_source_route(std::string_view path);

// A mailbox, or a local part alone ("root", "postmaster"), to which rewriting may add a domain.
bool is_address(std::string_view path);

bool has_eight_bit(std::string_view text);
bool is_xtext(std::string_view text);  // RFC 3461 4

}  // namespace postern::smtp
