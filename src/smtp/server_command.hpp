// One row of the command table of ServerProtocol. Private to the module.
#pragma once

#include <string_view>

#include "postern/smtp/server_protocol.hpp"

namespace postern::smtp {

struct ServerProtocol::Command {
  enum class Arguments { none, required, any };
  static constexpr unsigned needs_greeting = 1, needs_tls = 2, needs_auth = 4;
  static constexpr unsigned is_idle = 8;    // counts towards max_commands_without_mail
  static constexpr unsigned has_path = 16;  // looks at 8 bit itself, for a reply of its own

  std::string_view verb;
  Step (ServerProtocol::*run)(std::string_view arguments);
  Arguments arguments;
  unsigned flags;
};

}  // namespace postern::smtp
