// postern check: every problem of a configuration file, its keys and certificates included.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"
#include "postern/app/snapshot.hpp"

namespace postern::cli {

namespace {

int check(const Invocation& invocation) {
  const auto snapshot = app::load_snapshot(invocation.config_file);
  if (snapshot.has_value()) return app::exit_ok;
  for (const auto& problem : snapshot.error())
    invocation.terminal.err << app::to_string(problem, invocation.config_file) << '\n';
  return app::exit_config;
}

}  // namespace

void add_check(CLI::App& program, Invocation& invocation) {
  auto* command = program.add_subcommand("check", "Validate the configuration file and what it names");
  command->footer(
      "Prints each problem as FILE:LINE: key: message and exits 78; prints nothing when all is good.\n"
      "Example:\n  postern check -c /etc/postern/postern.yaml && systemctl reload postern");
  command->callback([&invocation] { invocation.run = [&invocation] { return check(invocation); }; });
}

}  // namespace postern::cli
