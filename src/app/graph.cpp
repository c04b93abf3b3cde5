#include "graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "postern/app/exit_code.hpp"

namespace postern::app {

namespace {

constexpr std::size_t disk_threads = 2;

StartFailure store_failure(std::string_view what, const base::Error& error) {
  const auto message = fmt::format("{}: {}", what, error.message);
  if (error.code == base::Errc::corrupt) return {exit_software, message};
  if (error.code == base::Errc::newer) return {exit_config, message};
  return {exit_cant_create, message};
}

StartFailure listen_failure(const std::string& address, const base::Error& error) {
  if (error.code == base::Errc::permission) {
    return {exit_no_permission,
            fmt::format(
                "{}: {}; ports below 1024 need root, CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=), "
                "or the sysctl net.ipv4.ip_unprivileged_port_start=0",
                address, error.message)};
  }
  return {exit_unavailable, fmt::format("{}: {}", address, error.message)};
}

admin::SyncView sync_view(const feedback::SuppressionSyncStatus& from) {
  admin::SyncView out;
  out.enabled = from.enabled;
  out.last_id = from.last_id;
  out.last_good = from.last_good;
  out.last_full = from.last_full;
  out.entries = from.entries;
  if (from.full)
    out.running =
        admin::SyncView::Running{from.full->id,      from.full->since,    from.full->pages,
                                 from.full->entries, from.full->expected, from.full->entries_per_second};
  if (from.last_finished)
    out.finished = admin::SyncView::Finished{from.last_finished->id, from.last_finished->good,
                                             from.last_finished->message};
  out.last_error = from.last_error;
  out.doubt = from.doubt;
  out.differences = from.differences;
  out.differences_unknown = from.differences_unknown;
  out.clock_skew = from.clock_skew;
  return out;
}

}  // namespace

Graph::Graph(boost::asio::io_context& io, std::string config_file, std::shared_ptr<const Snapshot> first,
             base::Log& l, base::SystemClock& c)
    : loop(io),
      log(l),
      clock(c),
      disk("disk", disk_threads),
      crypto("crypto", std::max(1u, std::thread::hardware_concurrency())),
      memory(first->config.limits.memory),
      snapshots(std::move(config_file), first, disk, log),
      disk_watch(first->config.state_dir),
      background(loop.get_executor(), clock, log),
      admin_sessions(loop.get_executor(), clock, log) {}

std::optional<StartFailure> Graph::listen() {
  for (const auto& wanted : config().listen) {
    if (auto failed = listen_on(wanted.address, wanted.written, listeners)) return failed;
  }
  if (listeners.empty()) return StartFailure{exit_unavailable, "no address to listen on"};
  const auto& admin = config().admin;
  const auto is_written = [this](const char* key) { return config().origin.lines.contains(key); };
  if (!admin.listen.empty()) {
    if (auto failed = listen_on(admin.listen, is_written("admin.listen"), admin_listeners)) return failed;
  }
  if (!admin.socket.empty()) {
    if (auto failed = listen_on("unix:" + admin.socket, is_written("admin.socket"), admin_listeners))
      return failed;
  }
  return std::nullopt;
}

// An address of the defaults that this machine has not (no IPv6, no /run/postern) is a warning, a written one
// an error.
std::optional<StartFailure> Graph::listen_on(const std::string& address, bool written,
                                             std::vector<std::shared_ptr<net::Listener>>& into) {
  auto opened = net::Listener::listen_all(loop.get_executor(), clock, address);
  if (opened) {
    for (auto& listener : *opened) into.push_back(std::move(listener));
    return std::nullopt;
  }
  const auto code = opened.error().code;
  const bool absent = code == base::Errc::unreachable || code == base::Errc::not_found ||
                      (code == base::Errc::permission && address.starts_with("unix:"));
  if (!written && absent) {
    log.warn("listen", {{"address", address}, {"reason", opened.error().message}});
    return std::nullopt;
  }
  return listen_failure(address, opened.error());
}

std::optional<StartFailure> Graph::open_stores() {
  const auto executor = loop.get_executor();
  const auto& directory = config().state_dir;
  auto opened_spool = spool::Spool::open({directory}, executor, log, metrics);
  if (!opened_spool) return store_failure("spool", opened_spool.error());
  spool = std::move(*opened_spool);
  auto opened_list = suppression::List::open(directory, executor, disk, list_writer, log, metrics);
  if (!opened_list) return store_failure("suppression list", opened_list.error());
  suppression = std::move(*opened_list);
  auto opened_ledger = ledger::Ledger::open(directory, executor, disk, ledger_writer, log);
  if (!opened_ledger) return store_failure("ledger", opened_ledger.error());
  ledger = std::move(*opened_ledger);
  return std::nullopt;
}

std::optional<StartFailure> Graph::make_parts() {
  const auto executor = loop.get_executor();
  const auto& options = config().dns;
  auto made =
      net::CaresHostResolver::create(executor, clock, {options.servers, options.timeout, options.tries});
  if (!made) return StartFailure{exit_unavailable, "DNS: " + made.error().message};
  resolver = std::move(*made);
  dialer = std::make_unique<net::TcpDialer>(executor, clock, *resolver);
  gate = std::make_unique<policy::Gate>(*suppression, clock, metrics);
  if (auto failed = make_alignment()) return failed;
  make_sync();
  intake = std::make_unique<intake::Intake>(intake_dependencies());
  delivery = std::make_unique<delivery::Delivery>(delivery_dependencies());
  register_gauges();
  return std::nullopt;
}

std::optional<StartFailure> Graph::make_alignment() {
  const auto executor = loop.get_executor();
  const auto& options = config().dns;
  net::DnsCacheOptions cache;
  cache.entries = options.cache;
  auto made =
      net::CaresResolver::create(executor, clock, {options.servers, options.timeout, options.tries}, cache);
  if (!made) return StartFailure{exit_unavailable, "DNS: " + made.error().message};
  dns = std::move(*made);
  alignment = std::make_unique<policy::Alignment>(*dns, policy::PublicSuffixes::builtin(), clock, executor);
  auto book = [this](policy::AlignmentNote note) {
    ledger->record(ledger::Alignment{std::move(note.id), std::move(note.spf), std::move(note.dmarc),
                                     std::move(note.detail)});
  };
  message_gate = std::make_unique<policy::MessageGate>(*alignment, executor, clock, log, metrics, book);
  return std::nullopt;
}

void Graph::make_sync() {
  ses = std::make_unique<SesLink>(SesLink::Parts{clock, random, disk, log, *dialer}, *snapshots.current());
  auto settings = [this] { return snapshots.current()->sync; };
  sync = std::make_unique<feedback::SuppressionSync>(feedback::SuppressionSync::Dependencies{
      loop.get_executor(), clock, random, log, metrics, *ses, *suppression->sync_target(), settings});
}

void Graph::connect() {
  snapshots.on_change([this] {
    const auto& now = config();
    log.configure(now.log.format, now.log.level, now.log.mask_addresses);
    memory.set_limit(now.limits.memory);
    alignment->settings_changed();
    ses->settings_changed(*snapshots.current());
    sync->settings_changed();
    delivery->settings_changed();
  });
  background.spawn("watch files", snapshots.watch(clock));
  background.spawn("sync suppression list", sync->run());
  background.spawn("watch disk", disk_watch.run(clock, disk));
  const auto handler = admin::make_handler(admin_dependencies());
  for (auto& listener : admin_listeners) {
    background.spawn("admin " + listener->local_address(),
                     net::serve_http(listener, handler, {}, clock, admin_sessions));
  }
  delivery->start();
  for (auto& listener : listeners) intake->serve(listener);
}

std::string Graph::busy() const {
  std::string out;
  const auto add = [&out](const std::vector<std::string>& names) {
    for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  };
  if (intake) add(intake->busy());
  if (delivery) add(delivery->busy());
  add(background.names());
  add(admin_sessions.names());
  return out;
}

std::string Graph::not_ready() const {
  if (stopping) return "shutting down";
  if (spool->failed()) return "the spool has failed";
  const auto& limits = config().limits;
  if (disk_watch.free_bytes() < limits.min_free)
    return "disk full: less than limits.min_free is free in state_dir";
  if (limits.spool_size > 0 && spool->totals().bytes >= limits.spool_size)
    return "the spool has reached limits.spool_size";
  return {};
}

intake::Dependencies Graph::intake_dependencies() {
  auto settings = [this] { return snapshots.current()->intake; };
  auto free_disk = [this] { return disk_watch.free_bytes(); };
  return {loop.get_executor(), clock,  random,  log,      metrics,  disk, memory, *gate,
          message_gate.get(),  *spool, *ledger, settings, free_disk};
}

delivery::Dependencies Graph::delivery_dependencies() {
  auto settings = [this] { return snapshots.current()->delivery; };
  return {loop.get_executor(), clock, random, log, metrics, crypto, disk, *dialer, *spool, *ledger, settings};
}

admin::Dependencies Graph::admin_dependencies() {
  auto view = [this] {
    const auto status = delivery->status();
    return admin::DeliveryView{status.paused, status.reason, status.last_error, status.since,
                               delivery->in_flight()};
  };
  auto wake = [this] { delivery->wake(); };
  auto ready = [this] { return not_ready(); };
  return {loop.get_executor(), clock, log, metrics, *spool, *suppression, *ledger, view, wake, ready,
          sync_control()};
}

admin::SyncControl Graph::sync_control() {
  auto put = [this](std::string address, std::string reason) {
    return sync->put(std::move(address), std::move(reason));
  };
  auto remove = [this](std::string address) -> base::Task<base::Result<bool>> {
    auto removed = co_await sync->remove(std::move(address));
    if (!removed) co_return removed.error();
    co_return removed->ses || removed->here;
  };
  auto start = [this](bool force) { return sync->request_full(force); };
  auto reasons = [this] { return sync->write_account_reasons(); };
  return {[this] { return sync_view(sync->status()); }, start, put, remove, reasons};
}

void Graph::register_gauges() {
  const auto queue = [this](std::string_view state, auto read) {
    metrics.gauge_function("postern_queue_messages", "Recipients in the spool",
                           {{"state", std::string(state)}},
                           [this, read] { return static_cast<double>(read(spool->totals())); });
  };
  queue("queued", [](const spool::Totals& totals) { return totals.queued; });
  queue("held", [](const spool::Totals& totals) { return totals.held; });
  metrics.gauge_function(
      "postern_queue_oldest_seconds", "Age of the oldest message in the spool", {}, [this] {
        const auto oldest = spool->totals().oldest;
        return oldest ? std::chrono::duration<double>(clock.wall_now() - *oldest).count() : 0.0;
      });
  metrics.gauge_function("postern_upstream_paused",
                         "1 while the upstream is not tried: down, or it refuses the account", {},
                         [this] { return delivery->status().paused ? 1.0 : 0.0; });
  metrics.gauge_function("postern_disk_free_bytes", "Room left where the spool lies", {},
                         [this] { return static_cast<double>(disk_watch.free_bytes()); });
  metrics.gauge_function("postern_memory_bodies_bytes", "Message bodies held in memory", {},
                         [this] { return static_cast<double>(memory.used()); });
}

}  // namespace postern::app
