// The command line of postern-sandbox. Called once by main.
#pragma once

#include <optional>

#include "options.hpp"
#include "postern/base/result.hpp"

namespace postern::sandbox {

// nullopt: --help was asked for and printed. Errc::invalid: usage, exit 64.
base::Result<std::optional<Options>> parse_command_line(int argc, const char* const* argv);

}  // namespace postern::sandbox
