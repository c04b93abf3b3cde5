// Reads one map of the YAML file, key by key, and gathers what is wrong instead of stopping. The calls that
// read are also the one list of the keys: run over nothing (Loading::describing) they tell which there are.
// Used while a configuration is loaded; blocking where a secret lies in a file.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config_forms.hpp"
#include "postern/app/config.hpp"

namespace postern::app {

// What one run over the file gathers.
struct Loading {
  explicit Loading(const Machine& on, bool describe = false, Extent wanted = Extent::whole)
      : machine(on), describing(describe), extent(wanted) {}
  bool leaves_out(std::string_view path) const;

  const Machine& machine;
  const bool describing;
  const Extent extent;
  Problems problems;
  std::map<std::string, int> lines;
  std::map<std::string, std::string> from_environment;  // path -> variable
  std::vector<KeyInfo> keys;
  int merges_left = 100;  // "<<" of "<<" of ... multiplies

  void problem(int line, std::string key, std::string message);
};

class Section {
 public:
  Section(Loading& loading, std::string path, const YAML::Node& node, int line);

  bool has(const std::string& name) const;
  void require(const std::string& name);                       // a problem when it is not there
  void problem(const std::string& name, std::string message);  // at the line of the key
  bool describing() const { return loading_.describing; }

  // Each leaves `into` alone when the key is not there or wrong.
  template <class T, class U>
  void value(const std::string& name, U& into, const Form<T>& form) {
    const auto text = one(name, form.kind);
    if (!text) return;
    auto good = convert(*text, form);
    if (good) into = narrow<U>(std::move(*good));
  }
  template <class T, class U>
  void values(const std::string& name, std::vector<U>& into, const Form<T>& form) {
    const auto texts = many(name, form.kind);
    if (!texts) return;
    into.clear();
    for (const auto& text : *texts) {
      auto good = convert(text, form);
      if (good) into.push_back(narrow<U>(std::move(*good)));
    }
  }
  void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& into,
             const Form<std::string>& names, const Form<std::string>& values);
  // `name`, or `name`_file which is read now.
  void secret(const std::string& name, std::string& into, std::string& file, bool may_be_empty = false);
  // The value is checked, but there is nothing to choose yet.
  void only_value(const std::string& name, const Form<std::string>& form);

  void section(const std::string& name, const std::function<void(Section&)>& read);
  // Gives how many elements the list has; nullopt: there is no list.
  std::optional<std::size_t> list(const std::string& name, const std::function<void(Section&)>& read_element);

  void finish();  // what has not been read by now is unknown

 private:
  struct Entry {
    std::string name;
    YAML::Node node;
    int line = 1;
    bool read = false;
    bool merged = false;
  };
  struct Text {
    std::string text;
    std::string path;
    int line = 1;
  };

  template <class T>
  std::optional<T> convert(const Text& text, const Form<T>& form) {
    auto value = form.read(text.text);
    if (value.has_value()) return std::move(*value);
    loading_.problem(text.line, text.path, value.error().message);
    return std::nullopt;
  }
  // The range of the form keeps the value within the field's type.
  template <class U, class T>
  static U narrow(T value) {
    if constexpr (std::is_same_v<T, U>) {
      return value;
    } else {
      return static_cast<U>(value);
    }
  }

  void collect(const YAML::Node& map, bool merged, int depth);
  void add(const YAML::Node& key, const YAML::Node& value, bool merged, int depth);
  void merge(const YAML::Node& value, int line, int depth);
  std::string path_of(const std::string& name) const;
  Entry* find(const std::string& name);
  Entry* take(const std::string& name, const std::string& kind);
  std::optional<Text> one(const std::string& name, const std::string& kind);
  std::optional<std::vector<Text>> many(const std::string& name, const std::string& kind);
  std::optional<Text> text_of_node(const YAML::Node& node, std::string path, int line);
  void read_in_list(const YAML::Node& element, const std::string& path, int line_of_list,
                    const std::function<void(Section&)>& read_element);
  std::string read_secret(const std::string& name, const std::string& file);
  std::string suggestion(const std::string& name) const;

  Loading& loading_;
  std::string path_;
  int line_;
  std::vector<Entry> entries_;
  std::vector<std::string> known_;
};

}  // namespace postern::app
