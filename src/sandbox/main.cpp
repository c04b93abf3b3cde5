// postern-sandbox: a stand-in for SES on loopback.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "command_line.hpp"
#include "server.hpp"

namespace postern::sandbox {
namespace {

constexpr int exit_usage = 64, exit_unavailable = 69, exit_software = 70, exit_cannot_create = 73,
              exit_permission = 77;

int exit_code_of(base::Errc code) {
  switch (code) {
    case base::Errc::busy:
    case base::Errc::unreachable:
      return exit_unavailable;
    case base::Errc::permission:
      return exit_permission;
    case base::Errc::tls:
    case base::Errc::corrupt:
      return exit_software;
    case base::Errc::invalid:
    case base::Errc::not_found:
    case base::Errc::exists:
    case base::Errc::closed:
    case base::Errc::timeout:
    case base::Errc::cancelled:
    case base::Errc::refused:
    case base::Errc::protocol:
    case base::Errc::io:
    case base::Errc::full:
    case base::Errc::newer:
    case base::Errc::unavailable:
      break;
  }
  return exit_cannot_create;
}

int complain(const base::Error& error, int code) {
  std::fprintf(stderr, "postern-sandbox: %s\n", error.message.c_str());
  return code;
}

int run(const Options& options) {
  base::SystemClock clock;
  base::SystemRandom random;
  base::Log log(clock, base::Log::stderr_sink());
  boost::asio::io_context loop(1);
  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  const auto server = Server::create(options, Environment{loop.get_executor(), clock, random, log});
  if (!server) return complain(server.error(), exit_code_of(server.error().code));
  signals.async_wait([&server](const boost::system::error_code& error, int) {
    if (!error) (*server)->stop();
  });
  (*server)->start();
  std::printf("%s\n", (*server)->ready_line().c_str());
  std::fflush(stdout);
  loop.run();  // until stop(): then nothing is left to wait for
  return 0;
}

int start(int argc, const char* const* argv) {
  const auto options = parse_command_line(argc, argv);
  if (!options) return complain(options.error(), exit_usage);
  return *options ? run(**options) : 0;
}

}  // namespace
}  // namespace postern::sandbox

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return postern::sandbox::start(argc, argv);
}
