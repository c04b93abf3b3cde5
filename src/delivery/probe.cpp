#include "postern/delivery/probe.hpp"

#include <fmt/format.h>

#include "connection.hpp"

namespace postern::delivery {

base::Task<Probe> probe(UpstreamSettings settings, net::Dialer& dialer, base::Clock& clock,
                        base::Pool& disk) {
  Probe out;
  out.relay = fmt::format("{}:{}", settings.host, settings.port);
  auto opened = co_await Connection::open(settings, dialer, clock, disk);
  if (opened.has_error()) {
    const auto& broken = opened.error();
    out.phase = broken.phase;
    out.reason = broken.reply.code != 0 ? broken.reply.to_string() : broken.error.message;
    co_return out;
  }
  const auto connection = std::move(*opened);
  const auto& peer = connection->peer();
  out.relay = fmt::format("{}[{}]:{}", settings.host, peer.address.to_string(), settings.port);
  out.ready = true;
  co_await connection->quit();
  co_return out;
}

}  // namespace postern::delivery
