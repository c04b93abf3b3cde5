// postern serve: the daemon in the foreground.
#pragma once

#include <string>

namespace postern::cli {

int serve(const std::string& config_file);  // an exit code of sysexits

}  // namespace postern::cli
