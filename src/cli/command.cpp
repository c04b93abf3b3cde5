#include "cli/command.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <ostream>

#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace json = boost::json;

namespace {

int exit_code_of(base::Errc code) {
  using base::Errc;
  switch (code) {
    case Errc::invalid:
      return app::exit_usage;
    case Errc::permission:
      return app::exit_no_permission;
    case Errc::corrupt:
    case Errc::io:
    case Errc::protocol:
      return app::exit_software;
    case Errc::newer:
      return app::exit_config;
    case Errc::full:
    case Errc::busy:
    case Errc::timeout:
      return app::exit_try_again;
    case Errc::not_found:
    case Errc::exists:
    case Errc::closed:
    case Errc::cancelled:
    case Errc::refused:
    case Errc::unreachable:
    case Errc::tls:
    case Errc::unavailable:
      return app::exit_unavailable;
  }
  return app::exit_software;
}

int exit_code_of(int http_status) {
  if (http_status == 400) return app::exit_usage;
  if (http_status == 403) return app::exit_no_permission;
  if (http_status == 404) return app::exit_no;
  if (http_status == 503) return app::exit_try_again;
  return app::exit_software;
}

}  // namespace

Failure failure_of(const base::Error& error) {
  return {exit_code_of(error.code), error.message};
}

app::Config load(const Invocation& invocation) {
  auto config = app::load_config(invocation.config_file, app::Machine::here(), app::Extent::local);
  if (config.has_value()) return std::move(*config);
  for (const auto& problem : config.error())
    invocation.terminal.err << app::to_string(problem, invocation.config_file) << '\n';
  throw Failure{app::exit_config, {}};
}

std::unique_ptr<Backend> open_backend(const Invocation& invocation) {
  auto backend = connect(load(invocation));
  if (backend.has_error()) throw failure_of(backend.error());
  return std::move(*backend);
}

std::unique_ptr<Backend> running_daemon(const Invocation& invocation) {
  auto backend = open_backend(invocation);
  if (backend->daemon_runs()) return backend;
  throw Failure{
      app::exit_unavailable,
      "the daemon is not running, and only it talks to SES: systemctl start postern, or postern serve"};
}

net::HttpResponse call_raw(Backend& backend, const net::HttpRequest& request) {
  auto response = backend.call(request);
  if (response.has_error()) throw failure_of(response.error());
  if (response->status < 300) return std::move(*response);
  json::error_code error;
  const auto body = json::parse(response->body, error);
  const std::string message = !error && body.is_object() ? text(body.get_object(), "error") : response->body;
  throw Failure{exit_code_of(response->status), message};
}

json::object call(Backend& backend, const net::HttpRequest& request) {
  const auto response = call_raw(backend, request);
  json::error_code error;
  auto body = json::parse(response.body, error);
  if (error || !body.is_object()) throw Failure{app::exit_software, "the daemon's answer is no JSON object"};
  return std::move(body.as_object());
}

std::string text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

std::uint64_t number(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  json::error_code error;
  const auto out = value != nullptr && value->is_number() ? value->to_number<std::uint64_t>(error) : 0;
  return error ? 0 : out;
}

}  // namespace postern::cli
