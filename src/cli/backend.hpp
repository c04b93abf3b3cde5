// Where a command's requests go: to the running daemon over its socket, or, when none runs, to the same API
// over stores that this process opens itself, with the lock of the state directory held. Main thread,
// blocking.
#pragma once

#include <memory>
#include <string>

#include "postern/app/config.hpp"
#include "postern/base/result.hpp"
#include "postern/net/http_server.hpp"

namespace postern::cli {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual base::Result<net::HttpResponse> call(const net::HttpRequest& request) = 0;
  virtual bool daemon_runs() const { return true; }
};

// unavailable: a daemon has the lock, but its socket does not answer. Else what opening the stores gives.
base::Result<std::unique_ptr<Backend>> connect(const app::Config& config);

// A request over the local socket; `path` is encoded already, `query` is "a=b&c=d".
net::HttpRequest request(std::string method, std::string path, std::string query = {}, std::string body = {});
std::string percent_encode(std::string_view text);

}  // namespace postern::cli
