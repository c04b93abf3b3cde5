// The upstreams in their configured order, each with its health and its places. Loop thread.
#pragma once

#include <memory>
#include <vector>

#include "health.hpp"
#include "postern/delivery/delivery.hpp"
#include "slots.hpp"
#include "smtp_upstream.hpp"

namespace postern::delivery {

struct Route {
  Route(const UpstreamSettings& settings, Dependencies& deps)
      : upstream(settings, deps.executor, deps.dialer, deps.clock, deps.disk, deps.log),
        health(settings.connections),
        slots(deps.executor, deps.clock, settings.connections),
        name(upstream.name()) {}

  SmtpUpstream upstream;
  Health health;
  Slots slots;
  std::string name;
  std::size_t running = 0;  // deliveries that were given this route
};

using RoutePtr = std::shared_ptr<Route>;

}  // namespace postern::delivery
