// The bytes of a file as the one YAML document that they must be. Pure.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string_view>

#include "postern/app/config.hpp"

namespace postern::app {

// A map, or null for an empty file; nullopt: see the problems.
std::optional<YAML::Node> single_document(std::string_view text, Problems& problems);

}  // namespace postern::app
