// Completion for zsh, with what each word does beside it.
#include <ostream>

#include "cli/completion.hpp"

namespace postern::cli {

namespace {

using Value = OptionWords::Value;

// "list:what it does" for _describe.
std::string described(const std::string& word, const std::string& help) {
  return quoted(word + ":" + help);
}

void write_values(std::ostream& out, const std::vector<CommandWords>& commands) {
  out << "  case $words[CURRENT-1] in\n";
  for (const auto& command : commands)
    for (const auto& option : command.options)
      if (option.value == Value::choice)
        out << "    (" << join(option.names, "|") << ") compadd -- " << join(option.choices, " ")
            << "; return ;;\n";
  out << "    (-c|--config) _files; return ;;\n"
         "    ("
      << join(options_with_value(commands), "|") << ") _message value; return ;;\n  esac\n";
}

void write_words(std::ostream& out, const CommandWords& command) {
  out << "    (" << quoted(command.path) << ")\n      commands=(";
  for (const auto& [name, help] : command.commands) out << "\n        " << described(name, help);
  out << ")\n      options=(";
  for (const auto& option : command.options)
    for (const auto& name : option.names) out << "\n        " << described(name, option.help);
  out << ")" << (command.takes_file ? "\n      files=1" : "") << " ;;\n";
}

}  // namespace

// `path` is the shell's own there, tied to $PATH.
void write_zsh(std::ostream& out, const std::vector<CommandWords>& commands) {
  out << "#compdef postern\n"
         "_postern() {\n"
         "  local at next files i\n"
         "  local -a commands options\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    case $words[i] in\n"
         "      ("
      << join(options_with_value(commands), "|")
      << ") ((i++)); continue ;;\n"
         "      (-*) continue ;;\n"
         "    esac\n"
         "    next=$at${at:+ }$words[i]\n"
         "    case $next in\n      (";
  std::vector<std::string> paths;
  for (const auto& command : commands)
    if (!command.path.empty()) paths.push_back(quoted(command.path));
  out << join(paths, "|")
      << ") at=$next ;;\n"
         "    esac\n"
         "  done\n";
  write_values(out, commands);
  out << "  case $at in\n";
  for (const auto& command : commands) write_words(out, command);
  out << "  esac\n"
         "  if [[ $words[CURRENT] == -* ]]; then\n"
         "    _describe -o option options\n"
         "  elif [[ -n $files ]]; then\n"
         "    _files\n"
         "  elif (( $#commands )); then\n"
         "    _describe command commands\n"
         "  else\n"
         "    _describe -o option options\n"
         "  fi\n"
         "}\n"
         "_postern \"$@\"\n";
}

}  // namespace postern::cli
