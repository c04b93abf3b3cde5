// Completion for bash: finds the command among the words, then offers what may follow it.
#include <ostream>

#include "cli/completion.hpp"

namespace postern::cli {

namespace {

using Value = OptionWords::Value;

std::string words_after(const CommandWords& command) {
  std::string out;
  const auto add = [&out](const std::string& word) { out += (out.empty() ? "" : " ") + word; };
  for (const auto& [name, help] : command.commands) add(name);
  for (const auto& option : command.options) add(option.names.back());
  return out;
}

std::string paths(const std::vector<CommandWords>& commands) {
  std::string out;
  for (const auto& command : commands)
    if (!command.path.empty()) out += (out.empty() ? "" : " | ") + quoted(command.path);
  return out;
}

// What follows an option that takes a value. An empty answer would be filled with names of files.
void write_values(std::ostream& out, const std::vector<CommandWords>& commands) {
  out << "  case ${COMP_WORDS[COMP_CWORD-1]} in\n";
  for (const auto& command : commands) {
    for (const auto& option : command.options) {
      if (option.value == Value::choice)
        out << "    " << join(option.names, " | ") << ") COMPREPLY=($(compgen -W '"
            << join(option.choices, " ") << "' -- \"$cur\")); return ;;\n";
    }
  }
  out << "    -c | --config) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
         "    "
      << join(options_with_value(commands), " | ") << ") compopt +o default 2>/dev/null; return ;;\n"
      << "  esac\n";
}

}  // namespace

void write_bash(std::ostream& out, const std::vector<CommandWords>& commands) {
  out << "_postern() {\n"
         "  local words= path= next i\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]}\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case ${COMP_WORDS[i]} in\n"
         "      "
      << join(options_with_value(commands), " | ")
      << ") ((i++)); continue ;;\n"
         "      -*) continue ;;\n"
         "    esac\n"
         "    next=$path${path:+ }${COMP_WORDS[i]}\n"
         "    case $next in\n      "
      << paths(commands)
      << ") path=$next ;;\n"
         "    esac\n"
         "  done\n";
  write_values(out, commands);
  out << "  case $path in\n";
  for (const auto& command : commands)
    out << "    '" << command.path << "') words='" << words_after(command) << "'"
        << (command.takes_file ? "; [[ $cur == -* ]] || words=" : "") << " ;;\n";
  out << "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _postern postern\n";
}

}  // namespace postern::cli
