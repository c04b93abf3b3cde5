#include "postern/delivery/delivery.hpp"

#include <algorithm>

#include "deliver.hpp"
#include "window.hpp"

namespace postern::delivery {

namespace {

constexpr std::size_t window_limit = 1000;
constexpr std::size_t per_stream = 100;    // what one stream may take of a refill
constexpr std::size_t keep_content = 200;  // messages that may wait with their content in memory
constexpr base::Duration look_again = std::chrono::seconds(5);

// The same message without its content: it is loaded again when its turn comes.
spool::MessagePtr without_content(const spool::Message& message) {
  auto slim = std::make_shared<spool::Message>(message);
  slim->content.header.clear();
  slim->content.body.reset();
  return slim;
}

// What is to be tried now. Held recipients stay behind in the spool.
spool::MessagePtr only_queued(spool::MessagePtr message) {
  const auto held = [](const spool::Recipient& r) { return r.state == spool::RecipientState::held; };
  if (std::ranges::none_of(message->recipients, held)) return message;
  auto rest = std::make_shared<spool::Message>(*message);
  std::erase_if(rest->recipients, held);
  return rest;
}

}  // namespace

struct Delivery::Impl {
  explicit Impl(Dependencies dependencies)
      : deps(std::move(dependencies)),
        metrics(deps.metrics),
        settler(deps, metrics),
        deliverer(deps, metrics, settler, rate),
        window(window_limit),
        wake_up(deps.clock.make_timer(deps.executor)),
        loop_tasks(deps.executor, deps.clock, deps.log),
        tasks(deps.executor, deps.clock, deps.log) {}

  void appended(spool::MessagePtr message);
  base::Task<void> dispatch();
  void start_deliveries();
  RoutePtr pick_route() const;
  base::Task<void> deliver(spool::MessagePtr message, RoutePtr route);
  bool is_low() const { return window.waiting() < window.limit() / 2; }
  bool wants_refill() const;
  base::Task<void> refill();
  base::SteadyTime next_look() const;
  void use_settings();
  void nudge();

  Dependencies deps;
  DeliveryMetrics metrics;
  Settler settler;
  Rate rate;
  Deliverer deliverer;
  Window window;
  std::shared_ptr<const Settings> settings;
  std::vector<RoutePtr> routes;
  std::unique_ptr<base::Timer> wake_up;
  bool nudged = false;
  bool look_now = true;                                // the spool may hold more than the window knows
  base::SteadyTime look_at = base::SteadyTime::max();  // when something in the spool becomes due
  std::vector<std::string> running;
  bool stopping = false;
  bool draining = false;
  base::TaskGroup loop_tasks;
  base::TaskGroup tasks;
};

void Delivery::Impl::appended(spool::MessagePtr message) {
  message = only_queued(std::move(message));
  if (message->recipients.empty()) return;
  const bool busy = window.waiting() >= keep_content || pick_route() == nullptr;
  window.add(busy ? without_content(*message) : std::move(message));
  nudge();
}

void Delivery::Impl::nudge() {
  if (nudged) return;
  nudged = true;
  wake_up->cancel();
}

base::Task<void> Delivery::Impl::dispatch() {
  for (;;) {
    if (stopping && !draining) co_return;
    nudged = false;
    if (wants_refill()) co_await refill();
    start_deliveries();
    if (nudged) continue;
    wake_up->expires_at(next_look());
    co_await wake_up->wait();
  }
}

// First the route that is configured first, as long as it is not pausing.
RoutePtr Delivery::Impl::pick_route() const {
  const auto now = deps.clock.steady_now();
  for (const auto& route : routes) {
    const std::size_t allowed = route->health.allowed(now);
    // Twice as many as there are connections: half of them sign while the others send.
    const std::size_t most = route->health.paused() ? allowed : 2 * allowed;
    if (allowed > 0) return route->running < most ? route : nullptr;
  }
  return nullptr;
}

void Delivery::Impl::start_deliveries() {
  while (!window.empty()) {
    auto route = pick_route();
    if (!route) return;
    auto message = window.take();
    if (!message) return;
    ++route->running;
    running.push_back((*message)->id);
    std::string name = "deliver " + (*message)->id;
    tasks.spawn(std::move(name), deliver(std::move(*message), std::move(route)));
  }
}

base::Task<void> Delivery::Impl::deliver(spool::MessagePtr message, RoutePtr route) {
  struct Leave {  // also when an exception ends the delivery
    Impl& impl;
    const std::string id;
    RoutePtr route;
    ~Leave() {
      --route->running;
      impl.window.finish(id);
      std::erase(impl.running, id);
      if (const auto due = impl.settler.take_earliest_due()) {
        const auto wait = std::max(base::Duration(0), *due - impl.deps.clock.wall_now());
        impl.look_at = std::min(impl.look_at, impl.deps.clock.steady_now() + wait);
      }
      impl.nudge();
    }
  };
  const Leave leave{*this, message->id, route};
  co_await deliverer.deliver(message, settings, route);
}

bool Delivery::Impl::wants_refill() const {
  return is_low() && (look_now || window.overflowed() || deps.clock.steady_now() >= look_at);
}

base::Task<void> Delivery::Impl::refill() {
  const auto now = deps.clock.wall_now();
  const std::size_t room = window.limit() - window.waiting();
  look_now = false;
  look_at = deps.clock.steady_now() + look_again;
  auto found = co_await deps.spool.due(now, room, per_stream, window.known());
  if (!found) {
    deps.log.error("queue", {{"reason", found.error().message}});
    co_return;
  }
  window.refilled();
  const bool more = found->size() >= room || found->size() >= per_stream;
  for (auto& message : *found) window.add(std::move(message));
  look_now = more;
  auto next = co_await deps.spool.next_due();
  if (!next) co_return;
  // What is due already is in the window, in flight, or behind `more`: looking again soon is enough.
  if (!*next) {
    look_at = base::SteadyTime::max();
  } else if (**next > now) {
    look_at = deps.clock.steady_now() + (**next - now);
  }
}

base::SteadyTime Delivery::Impl::next_look() const {
  // With enough in the window there is no need to look, and a moment that has passed would never let the loop
  // sleep.
  base::SteadyTime next = is_low() ? look_at : base::SteadyTime::max();
  if (window.empty()) return next;
  const auto now = deps.clock.steady_now();
  for (const auto& route : routes) {
    if (route->health.paused_until() > now) next = std::min(next, route->health.paused_until());
  }
  return next;
}

void Delivery::Impl::use_settings() {
  settings = deps.settings();
  rate.configure(settings->rate);
  std::vector<RoutePtr> old;
  old.swap(routes);
  for (const auto& upstream : settings->upstreams) routes.push_back(std::make_shared<Route>(upstream, deps));
  // Deliveries under way end on the route that they began with.
  auto close = [](RoutePtr route) -> base::Task<void> { co_await route->upstream.close(); };
  for (const auto& route : old) loop_tasks.spawn("close upstream " + route->name, close(route));
}

Delivery::Delivery(Dependencies dependencies) : impl_(std::make_unique<Impl>(std::move(dependencies))) {}

Delivery::~Delivery() = default;

void Delivery::start() {
  impl_->use_settings();
  impl_->deps.spool.subscribe(
      [impl = impl_.get()](spool::MessagePtr message) { impl->appended(std::move(message)); });
  impl_->loop_tasks.spawn("dispatcher", impl_->dispatch());
}

void Delivery::settings_changed() {
  impl_->use_settings();
  wake();
}

void Delivery::wake() {
  for (auto& route : impl_->routes) route->health.try_now();
  impl_->window.clear_waiting();
  impl_->look_now = true;
  impl_->nudge();
}

void Delivery::stop(bool drain_queue) {
  impl_->stopping = true;
  impl_->draining = drain_queue;
  impl_->nudge();
}

base::Task<bool> Delivery::wait_idle(base::SteadyTime until) {
  // Draining the queue ends when nothing due is left, or nobody takes it.
  while (impl_->draining) {
    const bool nothing_left = impl_->window.empty() && impl_->running.empty() && !impl_->wants_refill();
    if (nothing_left || impl_->deps.clock.steady_now() >= until) break;
    co_await base::sleep_for(impl_->deps.clock, std::chrono::milliseconds(20));
  }
  impl_->draining = false;
  impl_->nudge();
  const bool ended = co_await impl_->tasks.wait_empty(until);
  if (!ended) co_return false;
  for (auto& route : impl_->routes) co_await route->upstream.close();
  const bool closed = co_await impl_->loop_tasks.wait_empty(until);
  co_return closed;
}

std::vector<std::string> Delivery::busy() const {
  auto names = impl_->tasks.names();
  for (auto& name : impl_->loop_tasks.names()) names.push_back(std::move(name));
  return names;
}

void Delivery::abort() {
  impl_->draining = false;
  impl_->tasks.cancel();
  impl_->loop_tasks.cancel();
}

std::vector<std::string> Delivery::in_flight() const {
  return impl_->running;
}

Delivery::Status Delivery::status() const {
  Status status;
  for (const auto& route : impl_->routes) {
    if (!route->health.paused()) continue;
    status = {true, route->health.reason(), route->health.error(), route->health.since()};
  }
  return status;
}

}  // namespace postern::delivery
