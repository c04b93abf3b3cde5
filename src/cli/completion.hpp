// The commands of the program as completion scripts for shells: read once from the arguments that the program
// knows, then written in the words of each shell. Called by `postern completion`. Pure.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace postern::cli {

struct OptionWords {
  enum class Value { none, text, file, choice };
  std::vector<std::string> names;  // "-c", "--config"
  std::string help;
  Value value = Value::none;
  std::string value_name;
  std::vector<std::string> choices;
};

struct CommandWords {
  std::string path;                                           // "queue list"; empty: the program itself
  std::vector<std::pair<std::string, std::string>> commands;  // name, what it does
  std::vector<OptionWords> options;
  bool takes_file = false;  // as its argument
};

// The program first, then each command, a group before what is in it.
std::vector<CommandWords> words_of(const CLI::App& program);

std::vector<std::string> options_with_value(const std::vector<CommandWords>& commands);
std::string join(const std::vector<std::string>& words, std::string_view between);
std::string quoted(std::string_view text);  // for bash and zsh

void write_bash(std::ostream& out, const std::vector<CommandWords>& commands);
void write_zsh(std::ostream& out, const std::vector<CommandWords>& commands);
void write_fish(std::ostream& out, const std::vector<CommandWords>& commands);

}  // namespace postern::cli
