#include "lifecycle.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "postern/app/exit_code.hpp"
#include "service_manager.hpp"
#include "state_volume.hpp"

namespace postern::app {

namespace asio = boost::asio;

Lifecycle::Lifecycle(asio::io_context& loop, Graph& graph)
    : loop_(loop), graph_(graph), ended_(graph.clock.make_timer(loop.get_executor())) {}

std::optional<StartFailure> Lifecycle::start() {
  if (auto failed = graph_.listen()) return failed;
  if (auto failed = graph_.open_stores()) return failed;
  if (auto failed = graph_.make_parts()) return failed;
  return std::nullopt;
}

base::Task<void> Lifecycle::run() {
  graph_.background.spawn("signals", handle_signals());
  // Whatever was waiting for its retry when the last process ended is tried now.
  auto due = co_await graph_.spool->make_all_due(graph_.clock.wall_now());
  if (!due) graph_.log.error("queue", {{"reason", due.error().message}});
  graph_.connect();
  graph_.background.spawn("watch spool", watch_spool());
  graph_.background.spawn("watchdog", keep_watchdog_quiet(graph_.clock));
  report_ready();
  while (!over_) co_await ended_->wait();
  notify_service_manager("STOPPING=1");
  co_await drain();
  take_down();
}

void Lifecycle::report_ready() {
  for (const auto& listener : graph_.listeners)
    graph_.log.info("listen", {{"address", listener->local_address()}});
  for (const auto& listener : graph_.admin_listeners)
    graph_.log.info("admin", {{"address", listener->local_address()}});
  const auto totals = graph_.spool->totals();
  graph_.log.info("ready", {{"version", POSTERN_VERSION},
                            {"queued", totals.messages},
                            {"suppressed", graph_.suppression->size()}});
  for (const auto& warning : warnings(graph_.snapshots.current()->config)) {
    graph_.log.warn("config", {{"key", warning.key}, {"reason", warning.message}});
  }
  const auto passing = volume_warning(mounts_of_this_process(), graph_.snapshots.current()->config.state_dir);
  if (!passing.empty()) graph_.log.warn("state_dir", {{"reason", passing}});
  if (const auto& signer = graph_.snapshots.current()->delivery->signer) {
    for (const auto& warning : signer->warnings()) graph_.log.warn("dkim", {{"reason", warning}});
  }
  notify_service_manager("READY=1");
}

base::Task<void> Lifecycle::handle_signals() {
  asio::signal_set signals(loop_, SIGTERM, SIGINT, SIGHUP);
  for (;;) {
    auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    if (number == SIGHUP) {
      graph_.background.spawn("reload", graph_.snapshots.reload("SIGHUP"));
      continue;
    }
    hurry_ = over_;  // the second one: do not wait for anything
    over_ = true;
    graph_.log.info("stop", {{"reason", number == SIGTERM ? "SIGTERM" : "SIGINT"}, {"drain", !hurry_}});
    ended_->cancel();
    if (hurry_) {
      graph_.intake->abort();
      graph_.delivery->abort();
    }
  }
}

// A commit that failed leaves the database in doubt: nothing more is written, the restart recovers from the
// log.
base::Task<void> Lifecycle::watch_spool() {
  while (!graph_.spool->failed()) co_await base::sleep_for(graph_.clock, std::chrono::milliseconds(500));
  graph_.log.error(
      "stop", {{"reason", "the spool has failed"}, {"effect", "a restart recovers what was acknowledged"}});
  exit_code_ = exit_software;
  over_ = true;
  ended_->cancel();
}

base::Task<void> Lifecycle::drain() {
  const auto& delivery = graph_.snapshots.current()->config.delivery;
  const auto until = graph_.clock.steady_now() + delivery.drain;
  graph_.stopping = true;
  graph_.intake->stop_accepting();
  graph_.delivery->stop(delivery.drain_queue);
  const bool sessions = co_await graph_.intake->wait_idle(until);
  const bool deliveries = co_await graph_.delivery->wait_idle(until);
  if (sessions && deliveries) co_return;
  std::string busy;
  for (const auto& name : graph_.intake->busy()) busy += (busy.empty() ? "" : ", ") + name;
  for (const auto& name : graph_.delivery->busy()) busy += (busy.empty() ? "" : ", ") + name;
  graph_.log.warn("stop", {{"effect", "cut off; clients and spool keep their mail"}, {"busy", busy}});
  graph_.intake->abort();
  graph_.delivery->abort();
  const auto last = graph_.clock.steady_now() + std::chrono::seconds(1);
  co_await graph_.intake->wait_idle(last);
  co_await graph_.delivery->wait_idle(last);
}

void Lifecycle::take_down() {
  for (auto& listener : graph_.admin_listeners) listener->close();
  graph_.background.cancel();
  graph_.admin_sessions.cancel();
  graph_.message_gate->stop();
  graph_.alignment->stop();
  graph_.dns->stop();
  graph_.resolver->stop();
  const auto left = graph_.spool->totals();
  graph_.spool->close();
  graph_.suppression->stop();
  // What the ledger and the list have queued still refers to them: it runs before they go.
  graph_.ledger_writer.join();
  graph_.list_writer.join();
  // Likewise for what still reads a file or signs: it refers to the graph.
  graph_.disk.join();
  graph_.crypto.join();
  graph_.log.info("stopped", {{"queued", left.messages}});
}

}  // namespace postern::app
