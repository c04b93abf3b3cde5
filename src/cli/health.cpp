// postern health: /readyz for container health checks that have no shell.
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace {

constexpr base::Duration patience = std::chrono::seconds(5);

// The socket first: HTTP may be switched off, or taken by another process of the pod.
base::Result<net::HttpResponse> ask(const app::AdminConfig& admin) {
  const auto question = request("GET", "/readyz");
  base::Result<net::HttpResponse> answer =
      base::fail(base::Errc::unavailable, "neither admin.socket nor admin.listen is configured");
  if (!admin.socket.empty()) answer = net::http_call("unix:" + admin.socket, question, patience);
  if (answer.has_error() && !admin.listen.empty()) answer = net::http_call(admin.listen, question, patience);
  return answer;
}

int health(const Invocation& invocation) {
  const auto answer = ask(load(invocation).admin);
  if (answer.has_error()) throw Failure{app::exit_no, answer.error().message};
  invocation.terminal.out << answer->body;
  return answer->status == 200 ? app::exit_ok : app::exit_no;
}

}  // namespace

void add_health(CLI::App& program, Invocation& invocation) {
  auto* command = program.add_subcommand("health", "Ask the running daemon whether it can take mail");
  command->footer(
      "Exits 0 when it can, 1 when it can't or does not answer.\n"
      "Example:\n  HEALTHCHECK CMD [\"postern\", \"health\"]");
  command->callback([&invocation] { invocation.run = [&invocation] { return health(invocation); }; });
}

}  // namespace postern::cli
