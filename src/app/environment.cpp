#include "environment.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "suggest.hpp"

namespace postern::app {

namespace {

constexpr std::string_view prefix = "POSTERN_";
constexpr std::string_view default_port = ":587";

struct Setting {
  std::string variable;
  std::string path;  // "upstream[].endpoint"
  std::string kind;
  std::string value;
};

std::string variable_of(std::string_view path) {
  std::string out(prefix);
  for (const char c : path) {
    if (c == '[' || c == ']') continue;
    out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
  }
  return out;
}

// For every Service that exists when a pod starts its containers get NAME_SERVICE_HOST, NAME_SERVICE_PORT...,
// NAME_PORT and NAME_PORT_25_TCP...; a Service called postern is likely.
bool is_service_link(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos) return true;
  if (name.ends_with("_PORT")) return value.starts_with("tcp://") || value.starts_with("udp://");
  const auto port = name.find("_PORT_");
  if (port == std::string_view::npos) return false;
  const auto rest = name.substr(port + 6);
  const auto after = rest.find_first_not_of("0123456789");
  return after != 0 && after != std::string_view::npos &&
         (rest.substr(after).starts_with("_TCP") || rest.substr(after).starts_with("_UDP"));
}

// Not a key: where tests find their data.
bool is_ours(std::string_view name) {
  return name == "POSTERN_CORPORA";
}

// "[smtp.example.com]:587", "smtp.example.com:587" or without a port, as Postfix writes it.
std::string relayhost(const std::string& text) {
  const bool bracketed = text.starts_with('[') && text.find(']') != std::string::npos;
  if (!bracketed) return text.find(':') == std::string::npos ? text + std::string(default_port) : text;
  const auto end = text.find(']');
  const std::string host = text.substr(1, end - 1);
  const std::string port = text.substr(end + 1);
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + (port.empty() ? std::string(default_port) : port);
}

std::vector<std::string> words_of(const std::string& text) {
  constexpr std::string_view between = ", \t\n";
  std::vector<std::string> out;
  for (std::size_t at = text.find_first_not_of(between); at != std::string::npos;
       at = text.find_first_not_of(between, at)) {
    const auto end = std::min(text.find_first_of(between, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string sender_patterns(const std::string& domains) {
  std::string out;
  for (const auto& domain : words_of(domains)) out += "*@" + domain + " ";
  return out;
}

struct Alias {
  std::string_view variable, path, kind;
  std::string (*convert)(const std::string&);
};
std::string same(const std::string& text) {
  return text;
}
constexpr std::array aliases{
    Alias{"RELAYHOST", "upstream[].endpoint", "host:port", relayhost},
    Alias{"RELAYHOST_USERNAME", "upstream[].username", "text", same},
    Alias{"RELAYHOST_PASSWORD", "upstream[].password", "text", same},
    Alias{"RELAYHOST_PASSWORD_FILE", "upstream[].password_file", "text", same},
    Alias{"ALLOWED_SENDER_DOMAINS", "access.senders", "list of text", sender_patterns},
};

void unknown(const std::string& name, const std::vector<std::string>& names, Problems& problems) {
  const std::string near = nearest(name, names);
  problems.push_back(
      {0, name,
       "stands for no key of the configuration" + (near.empty() ? "" : "; did you mean " + near + "?")});
}

// POSTERN_ names first: they say more exactly what is meant than the aliases.
std::vector<Setting> settings_of(const Variables& variables, Problems& problems) {
  std::map<std::string, KeyInfo> keys;
  std::vector<std::string> names;
  for (auto& key : known_keys()) {
    names.push_back(variable_of(key.path));
    keys.emplace(names.back(), std::move(key));
  }
  std::vector<Setting> out;
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(prefix) || is_ours(name) || is_service_link(name, value)) continue;
    const auto key = keys.find(name);
    if (key == keys.end()) {
      unknown(name, names, problems);
    } else {
      out.push_back({name, key->second.path, key->second.kind, value});
    }
  }
  for (const auto& [name, value] : variables) {
    const bool ours = name.starts_with(prefix) ? keys.contains(name) : name == "RELAYHOST_PASSWORD";
    const auto file = variables.find(name + "_FILE");
    if (ours && !value.empty() && file != variables.end() && !file->second.empty())
      problems.push_back({0, file->first, "is given beside " + name + ": only one of the two can count"});
  }
  for (const auto& alias : aliases) {
    const auto found = variables.find(std::string(alias.variable));
    if (found == variables.end() || found->second.empty()) continue;
    out.push_back(
        {found->first, std::string(alias.path), std::string(alias.kind), alias.convert(found->second)});
  }
  return out;
}

// The loader expands ${NAME}; what the environment says is taken as it is.
YAML::Node scalar(std::string text) {
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3)) text.insert(at, "$");
  return YAML::Node(text);
}

YAML::Node value_node(const Setting& setting) {
  if (setting.kind.starts_with("list of ")) {
    YAML::Node list(YAML::NodeType::Sequence);
    for (const auto& word : words_of(setting.value)) list.push_back(scalar(word));
    return list;
  }
  if (setting.kind.starts_with("map of ")) {
    YAML::Node map(YAML::NodeType::Map);
    for (const auto& word : words_of(setting.value)) {
      const auto equals = std::min(word.find('='), word.size());
      map[word.substr(0, equals)] = scalar(equals < word.size() ? word.substr(equals + 1) : "");
    }
    return map;
  }
  return scalar(setting.value);
}

bool has_twin(const YAML::Node& section, const std::string& name) {
  if (name.ends_with("_file")) return section[name.substr(0, name.size() - 5)].IsDefined();
  return section[name + "_file"].IsDefined();
}

// The map that `name` of `section` is, or the first element of its list; made where there is none. nullopt:
// the file has something else there, which the loader will complain about.
std::optional<YAML::Node> descend(YAML::Node section, const std::string& name, bool in_list) {
  const YAML::Node& found = std::as_const(section)[name];
  if (!found.IsDefined() || found.IsNull()) {
    YAML::Node made(YAML::NodeType::Map);
    if (in_list) {
      YAML::Node list(YAML::NodeType::Sequence);
      list.push_back(made);
      section[name] = list;
      return list[0];
    }
    section[name] = made;
    return section[name];
  }
  YAML::Node inner = section[name];
  if (in_list && inner.IsSequence() && inner.size() > 0) inner.reset(inner[0]);
  if (!inner.IsMap()) return std::nullopt;
  return inner;
}

// Gives the path with [0] where the value has been put; empty: the file has spoken.
std::string put(YAML::Node root, const Setting& setting) {
  YAML::Node section(root);
  std::string path;
  std::string_view rest = setting.path;
  for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    std::string name(rest.substr(0, dot));
    rest.remove_prefix(dot + 1);
    const bool in_list = name.ends_with("[]");
    if (in_list) name.resize(name.size() - 2);
    const auto inner = descend(section, name, in_list);
    if (!inner) return "";
    path += name + (in_list ? "[0]." : ".");
    section.reset(*inner);
  }
  const std::string name(rest);
  if (std::as_const(section)[name].IsDefined() || has_twin(section, name)) return "";
  section[name] = value_node(setting);
  return path + name;
}

}  // namespace

bool configures(const Variables& variables) {
  return std::any_of(variables.begin(), variables.end(), [](const auto& entry) {
    return entry.first == "RELAYHOST" || (entry.first.starts_with(prefix) && !is_ours(entry.first) &&
                                          !is_service_link(entry.first, entry.second));
  });
}

FromEnvironment apply_environment(YAML::Node& root, const Variables& variables, Problems& problems) {
  FromEnvironment out;
  const auto settings = settings_of(variables, problems);
  if (settings.empty()) return out;
  if (root.IsNull()) root = YAML::Node(YAML::NodeType::Map);
  for (const auto& setting : settings) {
    const auto path = put(root, setting);
    if (!path.empty()) out.emplace(path, setting.variable);
  }
  return out;
}

}  // namespace postern::app
