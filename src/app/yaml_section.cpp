#include "yaml_section.hpp"

#include <algorithm>

#include "credential.hpp"
#include "expand.hpp"
#include "suggest.hpp"

namespace postern::app {

namespace {

constexpr int deepest_merge = 8;
constexpr std::size_t most_problems = 100;  // nobody reads more, and a hostile file could make millions

std::string kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return node.IsScalar() ? "a single value" : "nothing";
}

// An alias has no place of its own in yaml-cpp, and a null none at all: then the key's line serves.
int line_or(const YAML::Node& node, int otherwise) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? otherwise : mark.line + 1;
}

bool has_control_character(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// "access.networks[0]" -> "access.networks"
std::string without_index(const std::string& key) {
  return key.ends_with(']') ? key.substr(0, key.find_last_of('[')) : key;
}

}  // namespace

void Loading::problem(int line, std::string key, std::string message) {
  const auto variable = from_environment.find(without_index(key));
  if (variable != from_environment.end()) {
    key = variable->second;
    line = 0;
  }
  if (problems.size() < most_problems) problems.push_back({line, std::move(key), std::move(message)});
}

bool Loading::leaves_out(std::string_view path) const {
  return extent == Extent::local && (path == "upstream" || path == "dkim" || path == "aws");
}

Section::Section(Loading& loading, std::string path, const YAML::Node& node, int line)
    : loading_(loading), path_(std::move(path)), line_(line) {
  if (node.IsMap()) collect(node, false, 0);
}

// yaml-cpp keeps every pair of the file, in its order, duplicates too: a look-up by name would hide them.
void Section::collect(const YAML::Node& map, bool merged, int depth) {
  for (const auto& pair : map) add(pair.first, pair.second, merged, depth);
}

void Section::add(const YAML::Node& key, const YAML::Node& value, bool merged, int depth) {
  const int line = line_or(key, line_);
  const std::string name = key.IsScalar() ? key.Scalar() : "";
  if (name.empty() || has_control_character(name)) {
    return loading_.problem(line, path_.empty() ? "yaml" : path_, "a key must be a word");
  }
  if (name == "<<") return merge(value, line, depth);
  Entry* const other = find(name);
  if (other == nullptr) {
    entries_.push_back({name, value, line, false, merged});
  } else if (other->merged && !merged) {
    *other = {name, value, line, false, false};  // what the map says itself goes before what it merges in
  } else if (!merged) {
    loading_.problem(line, path_of(name), "is given twice, first on line " + std::to_string(other->line));
  }
}

void Section::merge(const YAML::Node& value, int line, int depth) {
  if (depth >= deepest_merge || loading_.merges_left-- <= 0) {
    return loading_.problem(line, path_of("<<"), "merges too much");
  }
  if (value.IsMap()) return collect(value, true, depth + 1);
  if (!value.IsSequence())
    return loading_.problem(line, path_of("<<"), "must be a map to merge, or a list of maps");
  for (const auto& element : value) {
    if (!element.IsMap()) return loading_.problem(line, path_of("<<"), "must be a list of maps");
    collect(element, true, depth + 1);
  }
}

std::string Section::path_of(const std::string& name) const {
  return path_.empty() ? name : path_ + "." + name;
}

Section::Entry* Section::find(const std::string& name) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

bool Section::has(const std::string& name) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.name == name; });
}

void Section::require(const std::string& name) {
  if (describing() || has(name) || loading_.leaves_out(path_of(name))) return;
  loading_.problem(line_, path_of(name), "is missing");
}

void Section::problem(const std::string& name, std::string message) {
  const Entry* const entry = find(name);
  loading_.problem(entry == nullptr ? line_ : entry->line, path_of(name), std::move(message));
}

// An empty kind: a section or a list of them, whose own keys are listed instead.
Section::Entry* Section::take(const std::string& name, const std::string& kind) {
  known_.push_back(name);
  if (describing() && !kind.empty()) loading_.keys.push_back({path_of(name), kind});
  Entry* const entry = find(name);
  if (entry == nullptr) return nullptr;
  entry->read = true;
  loading_.lines[path_of(name)] = entry->line;
  return entry;
}

std::optional<Section::Text> Section::text_of_node(const YAML::Node& node, std::string path, int line) {
  if (!node.IsScalar()) {
    loading_.problem(line, std::move(path), "must be a single value, but is " + kind_of(node));
    return std::nullopt;
  }
  auto text = expand(node.Scalar(), loading_.machine.variables);
  if (text.has_error()) {
    loading_.problem(line, std::move(path), text.error().message);
    return std::nullopt;
  }
  if (has_control_character(*text)) {
    loading_.problem(line, std::move(path), "holds a line break or another control character");
    return std::nullopt;
  }
  return Text{std::move(*text), std::move(path), line};
}

std::optional<Section::Text> Section::one(const std::string& name, const std::string& kind) {
  const Entry* const entry = take(name, kind);
  if (entry == nullptr) return std::nullopt;
  return text_of_node(entry->node, path_of(name), entry->line);
}

std::optional<std::vector<Section::Text>> Section::many(const std::string& name, const std::string& kind) {
  const Entry* const entry = take(name, "list of " + kind);
  if (entry == nullptr) return std::nullopt;
  if (!entry->node.IsSequence()) {
    loading_.problem(entry->line, path_of(name), "must be a list, but is " + kind_of(entry->node));
    return std::nullopt;
  }
  std::vector<Text> texts;
  std::size_t index = 0;
  for (const auto& element : entry->node) {
    auto text = text_of_node(element, path_of(name) + "[" + std::to_string(index++) + "]",
                             line_or(element, entry->line));
    if (text) texts.push_back(std::move(*text));
  }
  return texts;
}

void Section::only_value(const std::string& name, const Form<std::string>& form) {
  std::string ignored;
  value(name, ignored, form);
}

void Section::pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& into,
                    const Form<std::string>& names, const Form<std::string>& values) {
  const Entry* const entry = take(name, "map of " + names.kind + " to " + values.kind);
  if (entry == nullptr) return;
  if (!entry->node.IsMap()) {
    return loading_.problem(entry->line, path_of(name), "must be a map, but is " + kind_of(entry->node));
  }
  Section inner(loading_, path_of(name), entry->node, entry->line);
  into.clear();
  for (const Entry& pair : inner.entries_) {
    const auto text = text_of_node(pair.node, inner.path_of(pair.name), pair.line);
    if (!text) continue;
    const auto key = convert({pair.name, text->path, pair.line}, names);
    const auto value = convert(*text, values);
    if (key && value) into.emplace_back(*key, *value);
  }
}

void Section::secret(const std::string& name, std::string& into, std::string& file, bool may_be_empty) {
  const std::string twin = name + "_file";
  value(name, into, may_be_empty ? any_text() : some_text());
  value(twin, file, may_be_empty ? any_text() : some_text());
  if (has(name) && has(twin) && !file.empty() && !into.empty())
    return problem(twin, "is given beside " + name + ": only one of the two can count");
  if (!file.empty()) into = read_secret(twin, file);
}

std::string Section::read_secret(const std::string& name, const std::string& file) {
  auto content = loading_.machine.read_file(file);
  if (content.has_error()) {
    const bool absent = content.error().code == base::Errc::not_found;
    problem(name, content.error().message + (absent ? credential_remedy(file) : ""));
    return "";
  }
  std::string secret = std::move(*content);
  if (secret.ends_with('\n')) secret.resize(secret.size() - (secret.ends_with("\r\n") ? 2 : 1));
  if (secret.empty()) problem(name, file + " is empty");
  if (has_control_character(secret)) problem(name, file + " holds more than one line, or is not text");
  return secret;
}

void Section::section(const std::string& name, const std::function<void(Section&)>& read) {
  const Entry* const entry = take(name, "");
  if ((entry == nullptr && !describing()) || loading_.leaves_out(path_of(name))) return;
  const YAML::Node node = entry == nullptr ? YAML::Node() : entry->node;
  const int line = entry == nullptr ? line_ : entry->line;
  // A section whose keys are all commented out is null.
  if (!node.IsMap() && !node.IsNull()) {
    return loading_.problem(line, path_of(name), "must be a map, but is " + kind_of(node));
  }
  Section inner(loading_, path_of(name), node, line);
  read(inner);
  inner.finish();
}

std::optional<std::size_t> Section::list(const std::string& name,
                                         const std::function<void(Section&)>& read_element) {
  const Entry* const entry = take(name, "");
  if (loading_.leaves_out(path_of(name))) return std::nullopt;
  if (describing()) {
    Section inner(loading_, path_of(name) + "[]", YAML::Node(), line_);
    read_element(inner);
  }
  if (entry == nullptr) return std::nullopt;
  if (!entry->node.IsSequence()) {
    loading_.problem(entry->line, path_of(name), "must be a list, but is " + kind_of(entry->node));
    return std::nullopt;
  }
  std::size_t index = 0;
  for (const auto& element : entry->node) {
    read_in_list(element, path_of(name) + "[" + std::to_string(index++) + "]", entry->line, read_element);
  }
  return index;
}

void Section::read_in_list(const YAML::Node& element, const std::string& path, int line_of_list,
                           const std::function<void(Section&)>& read_element) {
  const int line = line_or(element, line_of_list);
  if (!element.IsMap()) return loading_.problem(line, path, "must be a map, but is " + kind_of(element));
  loading_.lines[path] = line;
  Section inner(loading_, path, element, line);
  read_element(inner);
  inner.finish();
}

std::string Section::suggestion(const std::string& name) const {
  const std::string near = nearest(name, known_);
  if (!near.empty()) return "; did you mean " + near + "?";
  for (const auto& key : known_keys()) {
    if (key.path.ends_with("." + name)) return "; did you mean " + key.path + "?";
  }
  return "";
}

void Section::finish() {
  for (const auto& entry : entries_) {
    if (!entry.read)
      loading_.problem(entry.line, path_of(entry.name), "unknown key" + suggestion(entry.name));
  }
}

}  // namespace postern::app
