// What the subcommands share: where they write, the configuration they were told, and the exit codes that
// answers of the API stand for. A command is a function that gives an exit code of sysexits.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "cli/backend.hpp"

namespace CLI {
class App;
}

namespace postern::cli {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
};

// Filled while the arguments are read; `run` is the command that was chosen.
struct Invocation {
  Terminal terminal;
  std::string config_file = app::default_config_file;
  bool config_given = false;  // false: the default
  std::function<int()> run;
};

// Ends a command with a message on stderr and an exit code.
struct Failure {
  int exit_code;
  std::string message;
};
Failure failure_of(const base::Error& error);

// Without upstream, dkim and aws. Throws Failure; problems are told already.
app::Config load(const Invocation& invocation);
std::unique_ptr<Backend> open_backend(const Invocation& invocation);    // throws Failure
std::unique_ptr<Backend> running_daemon(const Invocation& invocation);  // throws Failure
// The answer's JSON; throws Failure when it is an error.
boost::json::object call(Backend& backend, const net::HttpRequest& request);
net::HttpResponse call_raw(Backend& backend, const net::HttpRequest& request);

std::string text(const boost::json::object& object, std::string_view name);  // empty when missing or null
std::uint64_t number(const boost::json::object& object, std::string_view name);

void add_serve(CLI::App& program, Invocation& invocation);
void add_check(CLI::App& program, Invocation& invocation);
void add_queue(CLI::App& program, Invocation& invocation);
void add_suppression(CLI::App& program, Invocation& invocation);
void add_log(CLI::App& program, Invocation& invocation);
void add_spf(CLI::App& program, Invocation& invocation);
void add_doctor(CLI::App& program, Invocation& invocation);
void add_smtp_password(CLI::App& program, Invocation& invocation);
void add_health(CLI::App& program, Invocation& invocation);
void add_completion(CLI::App& program, Invocation& invocation);

}  // namespace postern::cli
