#include "api_server.hpp"

#include <utility>

#include "api_fault_stream.hpp"

namespace postern::sandbox {

base::Result<std::unique_ptr<ApiServer>> ApiServer::create(Service& service, const base::Executor& executor) {
  auto listener = net::Listener::listen(executor, service.clock, service.options.api);
  if (!listener) return listener.error();
  std::unique_ptr<ApiServer> server(
      new ApiServer(service, executor, breaking(std::move(*listener), service.clock)));
  for (const auto& fault : service.options.api_faults) {
    const auto added = server->api_.faults().add(fault);
    if (!added) return added.error();
  }
  return server;
}

ApiServer::ApiServer(Service& service, const base::Executor& executor,
                     std::shared_ptr<net::Listener> listener)
    : service_(service),
      listener_(std::move(listener)),
      api_(service),
      tasks_(executor, service.clock, service.log) {}

std::string ApiServer::url() const {
  return "https://" + listener_->local_address();
}

void ApiServer::start() {
  net::HttpServerOptions options;
  options.tls = service_.tls;
  net::HttpHandler handler = [this](net::HttpRequest request) { return api_.handle(std::move(request)); };
  auto serving = net::serve_http(listener_, std::move(handler), std::move(options), service_.clock, tasks_);
  tasks_.spawn("api", std::move(serving));
}

void ApiServer::stop() {
  listener_->close();
  tasks_.cancel();
}

}  // namespace postern::sandbox
