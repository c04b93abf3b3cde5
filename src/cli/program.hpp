// The whole of `postern` but for the process around it: arguments to exit code. Called by main and by tests.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace postern::cli {

// Arguments without the program's name. Gives an exit code of sysexits.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace postern::cli
