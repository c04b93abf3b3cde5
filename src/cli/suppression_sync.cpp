// postern suppression sync: a full pass over the list of SES, with its progress.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <ostream>

#include "cli/command.hpp"
#include "cli/suppression_sync.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view path = "/api/v1/suppression/sync";
constexpr auto look_again = std::chrono::milliseconds(500);

// The clock is the program's, but this is a person's terminal: nothing else waits here.
void pause() {
  boost::asio::io_context loop;
  boost::asio::steady_timer timer(loop, look_again);
  timer.wait();
}

std::string progress(const json::object& running) {
  const auto entries = number(running, "entries");
  const auto expected = number(running, "expected");
  std::string out = fmt::format("{} pages, {} addresses", number(running, "pages"), entries);
  if (expected > 0) out += fmt::format(" of about {}", expected);
  return out;
}

void show(const Invocation& invocation, const std::string& line, bool final) {
  auto& out = invocation.terminal.out;
  if (::isatty(STDOUT_FILENO) != 0) {
    out << "\r\x1b[K" << line << (final ? "\n" : "") << std::flush;
  } else if (final) {
    out << line << std::endl;
  }
}

// The pass of this id has ended: how. Else nothing.
const json::object* ended(const json::object& status, std::uint64_t id) {
  const auto* finished = status.if_contains("finished");
  if (finished == nullptr || !finished->is_object()) return nullptr;
  return number(finished->get_object(), "id") == id ? &finished->get_object() : nullptr;
}

int synchronise(const Invocation& invocation, bool force) {
  const auto backend = running_daemon(invocation);
  const auto begun = call(*backend, request("POST", std::string(path), force ? "force=true" : ""));
  const auto id = number(begun, "id");
  for (;;) {
    const auto status = call(*backend, request("GET", std::string(path)));
    if (const auto* result = ended(status, id)) {
      show(invocation, text(*result, "message"), true);
      return result->at("good").as_bool() ? app::exit_ok : app::exit_try_again;
    }
    const auto* running = status.if_contains("running");
    const bool goes_on = running != nullptr && running->is_object();
    if (number(status, "last_id") > id) {
      show(invocation, "the pass has ended unseen: another followed it, or the daemon was restarted", true);
      return app::exit_try_again;
    }
    const auto error = text(status, "last_error");
    show(
        invocation,
        (goes_on ? progress(running->get_object()) : "waiting for SES") + (error.empty() ? "" : "; " + error),
        false);
    pause();
  }
}

int write_account_reasons(const Invocation& invocation) {
  const auto backend = running_daemon(invocation);
  call(*backend, request("POST", "/api/v1/suppression/account-reasons"));
  invocation.terminal.out << "SES now suppresses what suppression.reasons says\n";
  return app::exit_ok;
}

}  // namespace

std::string sync_state(const json::object& status) {
  const auto last = text(status, "last_good");
  if (last.empty())
    return status.at("enabled").as_bool() ? "no pass has succeeded yet" : "never synced with SES";
  auto out = fmt::format("{} addresses of SES, last synced {}", number(status, "entries"), last);
  if (const auto error = text(status, "last_error"); !error.empty()) out += "; since then: " + error;
  if (const auto doubt = text(status, "doubt"); !doubt.empty()) out += "; not believed: " + doubt;
  return out;
}

void add_suppression_sync(CLI::App& group, Invocation& invocation) {
  auto* command = group.add_subcommand("sync", "Read the whole list of SES now");
  auto force = std::make_shared<bool>(false);
  auto reasons = std::make_shared<bool>(false);
  command->add_flag("--force", *force, "take over a list that looks wrong: empty, or half as long as before");
  command->add_flag("--set-account-reasons", *reasons,
                    "no pass: make the account at SES suppress what suppression.reasons says");
  command->footer(
      "The running daemon does it, one request a second: 1,000,000 addresses take about 17 minutes.\n"
      "Ctrl-C ends the display, not the pass. Exits 75 when the pass failed; the old list then stays.");
  command->callback([&invocation, force, reasons] {
    invocation.run = [&invocation, force, reasons] {
      return *reasons ? write_account_reasons(invocation) : synchronise(invocation, *force);
    };
  });
}

}  // namespace postern::cli
