// postern completion bash: made from the commands themselves, so that it can't fall behind.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace {

std::string words_of(const CLI::App& command) {
  std::string out;
  const auto add = [&out](const std::string& word) { out += (out.empty() ? "" : " ") + word; };
  for (const auto* sub : command.get_subcommands([](const CLI::App*) { return true; })) add(sub->get_name());
  for (const auto* option : command.get_options())
    for (const auto& name : option->get_lnames()) add("--" + name);
  return out;
}

// A line of a bash case for the command, then those for its subcommands.
void write_cases(std::ostream& out, const CLI::App& command, const std::string& path) {
  out << "    '" << path << "') words='" << words_of(command) << "' ;;\n";
  for (const auto* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    write_cases(out, *sub, path.empty() ? sub->get_name() : path + " " + sub->get_name());
}

int write_bash(std::ostream& out, const CLI::App& program) {
  out << "_postern() {\n"
         "  local words= path= i\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]}\n"
         "  if [[ ${COMP_WORDS[COMP_CWORD-1]} == -c || $cur == */* ]]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$cur\")); return\n"
         "  fi\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    [[ ${COMP_WORDS[i]} == -c ]] && { ((i++)); continue; }\n"
         "    [[ ${COMP_WORDS[i]} == -* ]] || path+=${path:+ }${COMP_WORDS[i]}\n"
         "  done\n"
         "  case $path in\n";
  write_cases(out, program, "");
  out << "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _postern postern\n";
  return app::exit_ok;
}

}  // namespace

void add_completion(CLI::App& program, Invocation& invocation) {
  auto* group = program.add_subcommand("completion", "Print a completion script for a shell");
  group->require_subcommand(1);
  group->footer("Example:\n  postern completion bash > /usr/share/bash-completion/completions/postern");
  group->add_subcommand("bash", "For bash")->callback([&invocation, &program] {
    invocation.run = [&invocation, &program] { return write_bash(invocation.terminal.out, program); };
  });
}

}  // namespace postern::cli
