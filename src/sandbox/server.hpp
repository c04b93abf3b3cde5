// The stand-in as a whole: directory, credentials, certificate, listener, sessions. Made and owned by main;
// loop thread only.
#pragma once

#include <memory>
#include <string>

#include "api_server.hpp"
#include "options.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/random.hpp"
#include "postern/base/result.hpp"
#include "postern/base/spawn.hpp"
#include "postern/net/listener.hpp"
#include "service.hpp"

namespace postern::sandbox {

struct Environment {
  base::Executor executor;
  base::Clock& clock;
  base::Random& random;
  base::Log& log;
};

class Server {
 public:
  // Blocking. `options` and what `environment` refers to outlive the server.
  static base::Result<std::unique_ptr<Server>> create(const Options& options, Environment environment);

  // "ready smtp=HOST:PORT api=URL ca=FILE user=U password=P access_key_id=K secret_access_key=S"; without the
  // API no api=.
  std::string ready_line() const;

  void start();                                    // begins to accept
  void take(std::unique_ptr<net::Stream> stream);  // a new client
  void stop();  // on the loop, at once: nothing accepted any more, every connection cut; the tasks end by
                // themselves
  std::size_t tasks() const { return tasks_.size() + (api_ ? api_->tasks() : 0); }

 private:
  Server(Environment environment, std::unique_ptr<net::Listener> listener, TlsFiles files, Service service);
  base::Task<void> accept();
  base::Task<void> serve(std::shared_ptr<Connection> connection);
  base::Task<void> refuse(std::shared_ptr<Connection> connection);

  Environment environment_;
  std::unique_ptr<net::Listener> listener_;
  TlsFiles files_;
  Service service_;
  std::unique_ptr<ApiServer> api_;  // null: not asked for
  base::TaskGroup tasks_;
};

}  // namespace postern::sandbox
