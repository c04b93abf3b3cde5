#include "postern/intake/intake.hpp"

#include <map>

#include "clients.hpp"
#include "metrics.hpp"
#include "replies.hpp"
#include "session.hpp"

namespace postern::intake {

struct Intake::Impl {
  explicit Impl(Dependencies dependencies)
      : deps(std::move(dependencies)),
        metrics(deps.metrics),
        acceptors(deps.executor, deps.clock, deps.log),
        sessions(deps.executor, deps.clock, deps.log) {}

  struct Live {
    Session* session = nullptr;
    base::TaskGroup::Id task = 0;
  };

  base::Task<void> accept_all(std::shared_ptr<net::Listener> listener);
  void begin(std::unique_ptr<net::Stream> stream);
  base::Task<void> run_session(std::unique_ptr<net::Stream> stream, std::uint64_t number);
  base::Task<void> turn_away(std::unique_ptr<net::Stream> stream);

  Dependencies deps;
  IntakeMetrics metrics;
  Clients clients;
  std::vector<std::shared_ptr<net::Listener>> listeners;
  std::map<std::uint64_t, Live> live;  // by a number of our own: a session may end while it is being started
  std::uint64_t last_number = 0;
  base::TaskGroup acceptors;
  base::TaskGroup sessions;
  bool stopping = false;
};

base::Task<void> Intake::Impl::accept_all(std::shared_ptr<net::Listener> listener) {
  for (;;) {
    auto stream = co_await listener->accept();
    if (!stream) {
      const auto code = stream.error().code;
      if (code != base::Errc::closed && code != base::Errc::cancelled) {
        deps.log.error("accept",
                       {{"address", listener->local_address()}, {"reason", stream.error().message}});
      }
      co_return;
    }
    begin(std::move(*stream));
  }
}

void Intake::Impl::begin(std::unique_ptr<net::Stream> stream) {
  const auto settings = deps.settings();
  metrics.connections.add();
  const auto name = "session " + stream->peer().to_string();
  if (stopping || !clients.admit(stream->peer(), settings->connections, settings->connections_per_client)) {
    metrics.turned_away.add();
    // Answering costs a task; beyond a bound the connection is just dropped.
    if (sessions.size() < settings->connections + 100) sessions.spawn(name, turn_away(std::move(stream)));
    return;
  }
  const auto number = ++last_number;
  live.emplace(number, Live{});
  const auto task = sessions.spawn(name, run_session(std::move(stream), number));
  const auto found = live.find(number);
  if (found != live.end()) found->second.task = task;
}

base::Task<void> Intake::Impl::run_session(std::unique_ptr<net::Stream> stream, std::uint64_t number) {
  const auto peer = stream->peer();
  struct Leave {  // also when an exception ends the session
    Impl& impl;
    const net::Peer& peer;
    std::uint64_t number;
    ~Leave() {
      impl.clients.leave(peer);
      impl.live.erase(number);
    }
  };
  const Leave leave{*this, peer, number};
  Session session(std::move(stream), deps, clients, metrics);
  live[number].session = &session;
  if (stopping) session.stop();
  co_await session.run();
}

base::Task<void> Intake::Impl::turn_away(std::unique_ptr<net::Stream> stream) {
  deps.log.warn("refused", {{"client", stream->peer().to_string()}, {"reason", "too many connections"}});
  const std::string reply =
      smtp::render(stopping ? replies::shutting_down() : replies::too_many_connections());
  stream->set_deadline(deps.clock.steady_now() + std::chrono::seconds(1));
  co_await stream->write(reply);
  co_await stream->close();
}

Intake::Intake(Dependencies dependencies) : impl_(std::make_unique<Impl>(std::move(dependencies))) {}

Intake::~Intake() = default;

void Intake::serve(std::shared_ptr<net::Listener> listener) {
  impl_->listeners.push_back(listener);
  impl_->acceptors.spawn("accept " + listener->local_address(), impl_->accept_all(listener));
}

void Intake::stop_accepting() {
  impl_->stopping = true;
  for (auto& listener : impl_->listeners) listener->close();
  // Those in a transaction end after it; the others now, with 421.
  std::vector<base::TaskGroup::Id> idle;
  for (auto& [number, entry] : impl_->live) {
    if (entry.session == nullptr) continue;
    entry.session->stop();
    if (entry.session->waiting()) idle.push_back(entry.task);
  }
  for (const auto id : idle) impl_->sessions.cancel(id);
}

base::Task<bool> Intake::wait_idle(base::SteadyTime until) {
  const bool ended = co_await impl_->sessions.wait_empty(until);
  co_return ended;
}

std::vector<std::string> Intake::busy() const {
  return impl_->sessions.names();
}

void Intake::abort() {
  impl_->sessions.cancel();
}

}  // namespace postern::intake
