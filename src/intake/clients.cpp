#include "clients.hpp"

#include <algorithm>

namespace postern::intake {

namespace {
constexpr std::size_t remembered = 10'000;
constexpr double seconds_a_minute = 60;
}  // namespace

bool Clients::admit(const net::Peer& peer, std::size_t all, std::size_t per_client) {
  if (connected_ >= all) return false;
  if (!exempt(peer)) {
    auto& client = clients_[peer.address];
    if (client.connections >= per_client) return false;
    ++client.connections;
  }
  ++connected_;
  return true;
}

void Clients::leave(const net::Peer& peer) {
  --connected_;
  if (exempt(peer)) return;
  const auto found = clients_.find(peer.address);
  if (found == clients_.end()) return;
  if (--found->second.connections == 0 && !found->second.known) clients_.erase(found);
}

bool Clients::may_send(const net::Peer& peer, std::size_t per_minute, base::SteadyTime now) {
  if (per_minute == 0 || exempt(peer)) return true;
  forget_idle(now);
  auto& client = clients_[peer.address];
  const double full = static_cast<double>(per_minute);
  if (client.known) {
    const double passed = std::chrono::duration<double>(now - client.seen).count();
    client.allowance = std::min(full, client.allowance + passed * full / seconds_a_minute);
  } else {
    client.allowance = full;
  }
  client.known = true;
  client.seen = now;
  if (client.allowance < 1) return false;
  client.allowance -= 1;
  return true;
}

// The table stays bounded: who has been silent for a minute has a full allowance again and need not be
// remembered.
void Clients::forget_idle(base::SteadyTime now) {
  if (clients_.size() < remembered) return;
  std::erase_if(clients_, [now](const auto& entry) {
    return entry.second.connections == 0 && now - entry.second.seen > std::chrono::minutes(1);
  });
}

}  // namespace postern::intake
