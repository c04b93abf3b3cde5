// Configuration by environment, for containers: POSTERN_ and the path of a key in capitals, and the names
// that other images taught people (RELAYHOST ...). Written into the document before it is read, where the
// file has not spoken. Used by the loader; pure.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>

#include "postern/app/config.hpp"

namespace postern::app {

// Dotted path of a key, with [0] for the first of a list -> the variable that gave its value.
using FromEnvironment = std::map<std::string, std::string>;

// Is there anything that could make a configuration without a file?
bool configures(const Variables& variables);

// Adds to `root` what it lacks. A POSTERN_ name that stands for no key is a problem; what Kubernetes sets for
// a Service called postern-... is none.
FromEnvironment apply_environment(YAML::Node& root, const Variables& variables, Problems& problems);

}  // namespace postern::app
