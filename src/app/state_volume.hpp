// Does what lies in state_dir outlive the pod or the machine? Said once, at start.
#pragma once

#include <string>
#include <string_view>

namespace postern::app {

std::string mounts_of_this_process();  // /proc/self/mountinfo; empty when it can't be read

// Empty: nothing to warn of. Pure; `mountinfo` as in proc(5). `path` is absolute.
std::string volume_warning(std::string_view mountinfo, std::string_view path);

}  // namespace postern::app
