// Messages per second through the spool, append and settle each, by how many are in flight; and what a
// message costs in CPU, on the loop (Asio, coroutines) and on the spool's threads (SQLite, commits).
// usage: spool_bench [directory] [seconds] [body bytes]
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "postern/base/random.hpp"
#include "postern/spool/spool.hpp"
#include "support/temp_dir.hpp"

namespace postern::spool {
namespace {

base::SystemClock wall_clock;

double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Run {
  Spool& spool;
  base::SystemRandom random;
  std::shared_ptr<const std::string> body;
  base::SteadyTime until;
  std::size_t messages = 0;
};

MessagePtr make_message(Run& run) {
  auto m = std::make_shared<Message>();
  m->arrived = wall_clock.wall_now();
  m->id = base::make_id(m->arrived, run.random);
  m->sender = "app@example.com";
  m->client = "127.0.0.1";
  m->stream = "127.0.0.1";
  m->content.header = std::string(600, 'h');
  m->content.body = run.body;
  m->content.body_size = run.body->size();
  Recipient r;
  r.address = "somebody@example.net";
  r.due = m->arrived;
  m->recipients.push_back(std::move(r));
  return m;
}

base::Task<void> client(Run& run) {
  while (wall_clock.steady_now() < run.until) {
    const MessagePtr message = make_message(run);
    auto appended = co_await run.spool.append(message);
    appended.value();
    std::vector<Settlement> done(1);
    auto settled = co_await run.spool.settle(message->id, std::move(done));
    settled.value();
    ++run.messages;
  }
}

void measure(const std::string& directory, int clients, std::chrono::seconds duration, std::size_t bytes) {
  boost::asio::io_context loop(1);
  base::Log log(wall_clock, [](std::string_view) {});
  base::Metrics metrics;
  auto spool = Spool::open({directory}, loop.get_executor(), log, metrics).value();
  Run run{*spool, {}, std::make_shared<const std::string>(bytes, 'b'), wall_clock.steady_now() + duration};
  const auto begin = wall_clock.steady_now();
  const double process = cpu_seconds(RUSAGE_SELF);
  const double own = cpu_seconds(RUSAGE_THREAD);
  for (int i = 0; i < clients; ++i) {
    boost::asio::co_spawn(loop, client(run), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
  }
  loop.run();
  const double loop_cpu = cpu_seconds(RUSAGE_THREAD) - own;
  const double spool_cpu = cpu_seconds(RUSAGE_SELF) - process - loop_cpu;
  const double seconds = std::chrono::duration<double>(wall_clock.steady_now() - begin).count();
  const auto n = static_cast<double>(run.messages);
  std::printf("%4d in flight %9.0f messages/s   spool %6.1f us/message   loop %6.1f us/message\n", clients,
              n / seconds, spool_cpu / n * 1e6, loop_cpu / n * 1e6);
}

}  // namespace
}  // namespace postern::spool

int main(int argc, char** argv) {
  std::optional<postern::support::TempDir> temporary;
  std::string directory = argc > 1 ? argv[1] : "";
  if (directory.empty()) directory = temporary.emplace().path();
  const std::chrono::seconds duration(argc > 2 ? std::atoi(argv[2]) : 3);
  const std::size_t bytes = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 3500;
  for (const int clients : {1, 16, 64}) postern::spool::measure(directory, clients, duration, bytes);
}
