#include "server.hpp"

#include <filesystem>
#include <utility>

#include "session.hpp"

namespace postern::sandbox {

base::Result<std::unique_ptr<Server>> Server::create(const Options& options, Environment environment) {
  auto store = Store::open(options.data);
  if (!store) return store.error();
  auto credentials = load_credentials(options);
  if (!credentials) return credentials.error();
  auto suppression = Suppression::open(options, environment.clock.wall_now());
  if (!suppression) return suppression.error();
  const auto files = load_tls_files(options, environment.clock.wall_now());
  if (!files) return files.error();
  auto tls = net::TlsContext::server(files->certificate, files->key);
  if (!tls) return tls.error();
  auto listener = net::Listener::listen(environment.executor, environment.clock, options.smtp);
  if (!listener) return listener.error();
  Service service{options,
                  environment.clock,
                  environment.random,
                  environment.log,
                  Account(environment.clock, options.rate, options.quota),
                  std::move(*store),
                  std::move(*suppression),
                  std::move(*credentials),
                  std::move(*tls),
                  {}};
  std::unique_ptr<Server> server(
      new Server(std::move(environment), std::move(*listener), *files, std::move(service)));
  if (options.api.empty()) return server;
  auto api = ApiServer::create(server->service_, server->environment_.executor);
  if (!api) return api.error();
  server->api_ = std::move(*api);
  return server;
}

Server::Server(Environment environment, std::unique_ptr<net::Listener> listener, TlsFiles files,
               Service service)
    : environment_(std::move(environment)),
      listener_(std::move(listener)),
      files_(std::move(files)),
      service_(std::move(service)),
      tasks_(environment_.executor, environment_.clock, environment_.log) {}

std::string Server::ready_line() const {
  const auto& credentials = service_.credentials;
  return "ready smtp=" + listener_->local_address() + (api_ ? " api=" + api_->url() : "") +
         " ca=" + std::filesystem::absolute(files_.ca).string() + " user=" + credentials.user +
         " password=" + credentials.password + " access_key_id=" + credentials.key.access_key_id +
         " secret_access_key=" + credentials.key.secret_access_key;
}

void Server::start() {
  tasks_.spawn("accept", accept());
  if (api_) api_->start();
}

void Server::stop() {
  listener_->close();
  if (api_) api_->stop();
  const auto connections = service_.connections;
  for (auto* connection : connections) connection->abort();
}

base::Task<void> Server::accept() {
  for (;;) {
    auto stream = co_await listener_->accept();
    if (stream) {
      take(std::move(*stream));
    } else if (stream.error().code == base::Errc::closed) {
      co_return;
    } else {
      environment_.log.warn("accept", {{"reason", stream.error().message}});
    }
  }
}

void Server::take(std::unique_ptr<net::Stream> stream) {
  const bool full = service_.connections.size() >= service_.options.max_connections;
  auto connection = std::make_shared<Connection>(std::move(stream), environment_.clock, environment_.executor,
                                                 service_.connections);
  tasks_.spawn("idle watch", Connection::watch(connection));
  if (full) {
    tasks_.spawn("refusal", refuse(std::move(connection)));
  } else {
    tasks_.spawn("session", serve(std::move(connection)));
  }
}

base::Task<void> Server::serve(std::shared_ptr<Connection> connection) {
  Session session(std::move(connection), service_);
  co_await session.run();
}

// In clear, before a hand-shake: with implicit TLS the client sees no more than a closed connection.
base::Task<void> Server::refuse(std::shared_ptr<Connection> connection) {
  if (service_.options.tls == TlsMode::starttls)
    co_await connection->send("421 Too many concurrent SMTP connections\r\n");
  co_await connection->close();
}

}  // namespace postern::sandbox
