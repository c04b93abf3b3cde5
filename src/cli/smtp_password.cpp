// postern smtp-password: the SMTP password that SES derives from a secret access key.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"
#include "postern/aws/sigv4.hpp"

namespace postern::cli {

namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";

// eu-west-1, us-gov-east-1, eusc-de-east-1: the password of any other text would be good for nothing.
bool has_form_of_region(std::string_view text) {
  const auto number = text.find_last_not_of("0123456789") + 1;
  if (number == text.size() || !text.substr(0, number).ends_with('-')) return false;
  int words = 0;
  for (std::size_t at = 0; at < number; ++words) {
    const auto end = text.find('-', at);
    const auto word = text.substr(at, end - at);
    if (word.empty() || word.find_first_not_of(lower) != std::string_view::npos) return false;
    at = end + 1;
  }
  return words >= 2;
}

int derive(const Invocation& invocation, const std::string& region) {
  if (!has_form_of_region(region))
    throw Failure{app::exit_usage, "--region: '" + region + "' is no AWS region such as eu-west-1"};
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
