#include "postern/app/daemon.hpp"

#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "lifecycle.hpp"
#include "postern/app/exit_code.hpp"
#include "postern/app/state_lock.hpp"

namespace postern::app {

namespace {

void complain(const std::string& message) {
  std::fprintf(stderr, "postern: %s\n", message.c_str());
}

// Each client and each upstream connection is a descriptor; the default of 1,024 is close to
// limits.connections.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // what the kernel does not give stays as it was; accept copes
}

std::optional<StartFailure> make_state_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return StartFailure{exit_cant_create, "state_dir " + directory + " can't be made: " + error.message() +
                                              " (uid " + std::to_string(::getuid()) + ")"};
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    return StartFailure{exit_cant_create, "state_dir " + directory +
                                              " is not writable: " + std::strerror(errno) + " (uid " +
                                              std::to_string(::getuid()) + ")"};
  }
  return std::nullopt;
}

int run(const std::string& config_file, std::shared_ptr<const Snapshot> snapshot) {
  const auto& config = snapshot->config;
  if (auto failed = make_state_directory(config.state_dir)) {
    complain(failed->message);
    return failed->exit_code;
  }
  auto lock = StateLock::take(config.state_dir);
  if (!lock) {
    complain(lock.error().message);
    return lock.error().code == base::Errc::busy ? exit_try_again : exit_cant_create;
  }
  base::SystemClock clock;
  base::Log log(clock, base::Log::stderr_sink());
  log.configure(config.log.format, config.log.level, config.log.mask_addresses);
  boost::asio::io_context loop(1);
  Graph graph(loop, config_file, std::move(snapshot), log, clock);
  Lifecycle lifecycle(loop, graph);
  if (auto failed = lifecycle.start()) {
    complain(failed->message);
    return failed->exit_code;
  }
  std::exception_ptr thrown;
  boost::asio::co_spawn(loop, lifecycle.run(), [&thrown, &loop](std::exception_ptr e) {
    thrown = e;
    loop.stop();
  });
  loop.run();
  // What was cancelled gets a moment to leave by itself; nothing durable depends on it any more.
  loop.restart();
  loop.run_for(std::chrono::milliseconds(300));
  if (thrown) std::rethrow_exception(thrown);
  if (const auto busy = graph.busy(); !busy.empty()) {
    // Their frames would be destroyed after what they refer to. The stores are closed: nothing is lost.
    log.warn("stop", {{"busy", busy}, {"effect", "ended without waiting for it"}});
    std::_Exit(lifecycle.exit_code());
  }
  return lifecycle.exit_code();
}

}  // namespace

int run_daemon(const std::string& config_file) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  auto loaded = load_snapshot(config_file);
  if (!loaded) {
    for (const auto& problem : loaded.error())
      std::fprintf(stderr, "%s\n", to_string(problem, config_file).c_str());
    return exit_config;
  }
  try {
    return run(config_file, std::move(*loaded));
  } catch (const std::exception& e) {
    complain(std::string("internal error: ") + e.what());
    return exit_software;
  }
}

}  // namespace postern::app
