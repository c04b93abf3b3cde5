// The nearest name to one that was mistyped. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::app {

// Empty when none is near enough to be what was meant.
std::string nearest(std::string_view name, const std::vector<std::string>& names);

}  // namespace postern::app
