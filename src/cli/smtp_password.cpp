// postern smtp-password: the SMTP password that SES derives from a secret access key.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"
#include "postern/aws/sigv4.hpp"

namespace postern::cli {

namespace {

int derive(const Invocation& invocation, const std::string& region) {
  std::string secret;
  std::getline(std::cin, secret);
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) throw Failure{app::exit_usage, "the secret access key is read from standard input"};
  invocation.terminal.out << aws::smtp_password(secret, region) << "\n";
  return app::exit_ok;
}

}  // namespace

void add_smtp_password(CLI::App& program, Invocation& invocation) {
  auto* command =
      program.add_subcommand("smtp-password", "Make the SES SMTP password of a secret access key on stdin");
  auto region = std::make_shared<std::string>();
  command->add_option("--region", *region, "whose SMTP endpoint it is for")->required()->type_name("R");
  command->footer(
      "The user name is the access key id. Keys of a role do not work for SMTP.\n"
      "Example:\n  postern smtp-password --region eu-west-1 < secret-access-key");
  command->callback([&invocation, region] {
    invocation.run = [&invocation, region] { return derive(invocation, *region); };
  });
}

}  // namespace postern::cli
