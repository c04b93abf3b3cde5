// The API's listener: HTTPS with the sandbox's certificate. Made and owned by Server; loop thread.
#pragma once

#include <memory>
#include <string>

#include "api.hpp"
#include "postern/base/result.hpp"
#include "postern/base/spawn.hpp"
#include "postern/net/listener.hpp"
#include "service.hpp"

namespace postern::sandbox {

class ApiServer {
 public:
  // On options.api. `service` outlives the server and its tasks.
  static base::Result<std::unique_ptr<ApiServer>> create(Service& service, const base::Executor& executor);

  std::string url() const;  // "https://127.0.0.1:4711"
  void start();
  void stop();  // on the loop: a task group is cancelled
  std::size_t tasks() const { return tasks_.size(); }

 private:
  ApiServer(Service& service, const base::Executor& executor, std::shared_ptr<net::Listener> listener);

  Service& service_;
  std::shared_ptr<net::Listener> listener_;
  Api api_;
  base::TaskGroup tasks_;
};

}  // namespace postern::sandbox
