// What to do about a secret that systemd hands to a service (LoadCredential=) and that is not there: such a
// file exists while the service runs, and for nobody else. Used where a file that the configuration names
// can't be read. Pure.
#pragma once

#include <string>
#include <string_view>

namespace postern::app {

// Continues a message: "; systemd puts it there ..."; empty for any other path.
std::string credential_remedy(std::string_view path);

}  // namespace postern::app
