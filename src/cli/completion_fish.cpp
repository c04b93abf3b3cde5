// Completion for fish, with what each word does beside it.
#include <ostream>

#include "cli/completion.hpp"

namespace postern::cli {

namespace {

using Value = OptionWords::Value;

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

std::string start_of_line(const CommandWords& command) {
  const std::string condition = "__postern_at" + (command.path.empty() ? "" : " " + command.path);
  return "complete -c postern -n " + fish_quoted(condition);
}

void write_option(std::ostream& out, const CommandWords& command, const OptionWords& option) {
  out << start_of_line(command);
  for (const auto& name : option.names)
    out << (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
  if (option.value == Value::file) out << " -r -F";
  if (option.value == Value::text) out << " -x";
  if (option.value == Value::choice) out << " -x -a " << fish_quoted(join(option.choices, " "));
  out << " -d " << fish_quoted(option.help) << "\n";
}

void write_command(std::ostream& out, const CommandWords& command) {
  for (const auto& [name, help] : command.commands)
    out << start_of_line(command) << " -a " << name << " -d " << fish_quoted(help) << "\n";
  for (const auto& option : command.options) write_option(out, command, option);
  if (command.takes_file) out << start_of_line(command) << " -F\n";
}

}  // namespace

void write_fish(std::ostream& out, const std::vector<CommandWords>& commands) {
  std::vector<std::string> paths;
  for (const auto& command : commands)
    if (!command.path.empty()) paths.push_back(fish_quoted(command.path));
  out << "# Whether the words so far lead to the command that is given.\n"
         "function __postern_at\n"
         "    set -l at ''\n"
         "    set -l value no\n"
         "    for word in (commandline -opc)[2..]\n"
         "        if test $value = yes\n"
         "            set value no\n"
         "            continue\n"
         "        end\n"
         "        switch $word\n"
         "            case "
      << join(options_with_value(commands), " ")
      << "\n"
         "                set value yes\n"
         "            case '-*'\n"
         "            case '*'\n"
         "                set -l next (string trim -- \"$at $word\")\n"
         "                if contains -- $next "
      << join(paths, " ")
      << "\n"
         "                    set at $next\n"
         "                end\n"
         "        end\n"
         "    end\n"
         "    test \"$at\" = \"$argv\"\n"
         "end\n"
         "complete -c postern -f\n";
  for (const auto& command : commands) write_command(out, command);
}

}  // namespace postern::cli
