// A small HTTP/1.1 server (Beast, in its .cpp only) for admin and the sandbox: bounded head, body and time,
// keep-alive. The handler runs on the loop.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "postern/base/clock.hpp"
#include "postern/base/spawn.hpp"
#include "postern/base/task.hpp"
#include "postern/net/listener.hpp"

namespace postern::net {

struct HttpRequest {
  std::string method;
  std::string path;                            // percent-encoding left as it came
  std::string query;                           // without "?"
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool over_local_socket = false;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::map<std::string, std::string> headers;
};

using HttpHandler = std::function<base::Task<HttpResponse>(HttpRequest)>;

struct HttpServerOptions {
  std::size_t max_head = 16 * 1024;
  std::size_t max_body = 1024 * 1024;
  std::size_t max_connections = 64;
  base::Duration idle{std::chrono::seconds(30)};  // also for a request as a whole, and for a hand-shake
  std::shared_ptr<TlsContext> tls = nullptr;      // null: plain HTTP
};

// Serves until the listener is closed. Spawn it in a task group; connections are tasks of `connections`.
base::Task<void> serve_http(std::shared_ptr<Listener> listener, HttpHandler handler,
                            HttpServerOptions options, base::Clock& clock, base::TaskGroup& connections);

// One request over a Unix socket or TCP, for the CLI: blocking, with a time limit. address: "unix:/path" or
// "host:port".
base::Result<HttpResponse> http_call(const std::string& address, const HttpRequest& request,
                                     base::Duration timeout);

std::string percent_decode(std::string_view text);
std::map<std::string, std::string> parse_query(std::string_view query);

}  // namespace postern::net
