// Loads a configuration from a text, on a machine that the test makes up.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postern/app/config.hpp"

namespace postern::app {

struct FakeMachine {
  Variables variables;
  std::map<std::string, std::string> files;

  Machine machine() const {
    return {variables, "box.example.net",
            [files = files](const std::string& path) -> base::Result<std::string> {
              const auto found = files.find(path);
              if (found != files.end()) return found->second;
              return base::fail(base::Errc::not_found, path + " cannot be read: No such file or directory");
            }};
  }
};

inline LoadResult parse(const std::string& text, const FakeMachine& fake = {}) {
  return parse_config(text, "p.yaml", fake.machine());
}

// "line: key: message" each; empty when the text is good.
inline std::vector<std::string> problems_of(const std::string& text, const FakeMachine& fake = {}) {
  const auto result = parse(text, fake);
  std::vector<std::string> out;
  if (result.has_value()) return out;
  for (const auto& problem : result.error()) out.push_back(to_string(problem, "p.yaml").substr(7));
  return out;
}

inline const std::string upstream_line = "upstream: [{endpoint: \"smtp.example.com:587\"}]\n";

// Problems of a text that has an upstream on its first line.
inline std::vector<std::string> problems_with_upstream(const std::string& rest,
                                                       const FakeMachine& fake = {}) {
  return problems_of(upstream_line + rest, fake);
}

}  // namespace postern::app
