// postern completion SHELL: made from the commands themselves, so that it can't fall behind.
#include "cli/completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <set>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace {

// "R:{BOUNCE,COMPLAINT}" -> BOUNCE, COMPLAINT
std::vector<std::string> choices_of(const std::string& type) {
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

OptionWords option_words(const CLI::Option& option) {
  using Value = OptionWords::Value;
  OptionWords out;
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  out.help = option.get_description();
  if (option.get_items_expected_max() == 0) return out;
  const std::string type = option.get_type_name();
  out.value_name = type.substr(0, type.find_first_of(": "));
  out.choices = choices_of(type);
  out.value = !out.choices.empty() ? Value::choice : out.value_name == "FILE" ? Value::file : Value::text;
  return out;
}

void gather(const CLI::App& command, const std::string& path, std::vector<CommandWords>& into) {
  CommandWords words;
  words.path = path;
  const auto subcommands = command.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* sub : subcommands) words.commands.emplace_back(sub->get_name(), sub->get_description());
  for (const auto* option : command.get_options()) {
    if (option->get_positional()) {
      words.takes_file = words.takes_file || option->get_name(true) == "FILE";
    } else {
      words.options.push_back(option_words(*option));
    }
  }
  into.push_back(std::move(words));
  for (const auto* sub : subcommands)
    gather(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), into);
}

using Write = void (*)(std::ostream&, const std::vector<CommandWords>&);

void add_shell(CLI::App& group, const CLI::App& program, Invocation& invocation, const std::string& name,
               const std::string& folder, Write write) {
  group.add_subcommand(name, "For " + name + ": " + folder)->callback([&invocation, &program, write] {
    invocation.run = [&invocation, &program, write] {
      write(invocation.terminal.out, words_of(program));
      return app::exit_ok;
    };
  });
}

}  // namespace

std::vector<CommandWords> words_of(const CLI::App& program) {
  std::vector<CommandWords> out;
  gather(program, "", out);
  return out;
}

std::vector<std::string> options_with_value(const std::vector<CommandWords>& commands) {
  std::set<std::string> out;
  for (const auto& command : commands)
    for (const auto& option : command.options)
      if (option.value != OptionWords::Value::none) out.insert(option.names.begin(), option.names.end());
  return {out.begin(), out.end()};
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void add_completion(CLI::App& program, Invocation& invocation) {
  auto* group = program.add_subcommand("completion", "Print a completion script for a shell");
  group->require_subcommand(1);
  group->footer("Example:\n  postern completion bash > /usr/share/bash-completion/completions/postern");
  add_shell(*group, program, invocation, "bash", "/usr/share/bash-completion/completions/postern",
            write_bash);
  add_shell(*group, program, invocation, "zsh", "_postern in a folder of $fpath", write_zsh);
  add_shell(*group, program, invocation, "fish", "/usr/share/fish/vendor_completions.d/postern.fish",
            write_fish);
}

}  // namespace postern::cli
