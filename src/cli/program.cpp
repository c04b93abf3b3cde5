#include "cli/program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <ostream>

#include "cli/command.hpp"
#include "cli/serve.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace {

// To the program and to every subcommand, so that it is taken at each place and each help tells of it.
void add_config_option(CLI::App& command, Invocation& invocation) {
  command.add_option("-c,--config", invocation.config_file, "configuration file")
      ->each([&invocation](const std::string&) { invocation.config_given = true; })
      ->type_name("FILE")
      ->capture_default_str();
  for (auto* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    add_config_option(*sub, invocation);
}

void describe(CLI::App& program, Invocation& invocation) {
  program.require_subcommand(1);
  program.set_version_flag("--version", std::string("postern ") + POSTERN_VERSION);
  program.footer(
      "Examples:\n  postern check -c postern.yaml\n  postern serve -c postern.yaml\n"
      "  postern queue list\n  postern log --to jane@example.com --since 24h");
  add_serve(program, invocation);
  add_check(program, invocation);
  add_queue(program, invocation);
  add_suppression(program, invocation);
  add_log(program, invocation);
  add_doctor(program, invocation);
  add_spf(program, invocation);
  add_smtp_password(program, invocation);
  add_health(program, invocation);
  add_completion(program, invocation);
  add_config_option(program, invocation);
}

// CLI11 prints help and version on `out` and complaints on `err`, with exit codes of its own.
int end_of_parsing(const CLI::App& program, const CLI::ParseError& error, const Terminal& terminal) {
  const bool asked_for = program.exit(error, terminal.out, terminal.err) == 0;
  return asked_for ? app::exit_ok : app::exit_usage;
}

int run_command(const Invocation& invocation) {
  try {
    const int code = invocation.run();
    invocation.terminal.out.flush();
    return code;
  } catch (const Failure& failure) {
    if (!failure.message.empty()) invocation.terminal.err << "postern: " << failure.message << "\n";
    return failure.exit_code;
  } catch (const std::exception& e) {
    invocation.terminal.err << "postern: internal error: " << e.what() << "\n";
    return app::exit_software;
  }
}

}  // namespace

void add_serve(CLI::App& program, Invocation& invocation) {
  auto* command = program.add_subcommand("serve", "Run the daemon in the foreground");
  command->footer(
      "Logs to stderr. SIGTERM drains and ends it, SIGHUP reads the configuration again.\n"
      "Example:\n  postern serve -c /etc/postern/postern.yaml");
  command->callback(
      [&invocation] { invocation.run = [&invocation] { return serve(invocation.config_file); }; });
}

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err) {
  CLI::App program("postern carries mail of local applications to Amazon SES", "postern");
  Invocation invocation{{out, err}, app::default_config_file, false, {}};
  describe(program, invocation);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
  try {
    program.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return end_of_parsing(program, error, invocation.terminal);
  }
  return run_command(invocation);
}

}  // namespace postern::cli
