// ${NAME} and ${NAME:-default} in a text of the configuration. Pure.
#pragma once

#include <string>
#include <string_view>

#include "postern/app/config.hpp"
#include "postern/base/result.hpp"

namespace postern::app {

// The default also stands for an empty variable, as in a shell. What was put in is not looked at again.
// "$${" is a literal "${"; every other $ is itself.
base::Result<std::string> expand(std::string_view text, const Variables& variables);

}  // namespace postern::app
