// Who is connected, and how much each client has sent of late: limits.connections, connections_per_client and
// messages_per_minute_per_client. Loopback and Unix sockets are exempt from the per-client limits. Pure.
#pragma once

#include <cstddef>
#include <map>

#include "postern/base/clock.hpp"
#include "postern/net/stream.hpp"

namespace postern::intake {

class Clients {
 public:
  bool admit(const net::Peer& peer, std::size_t all, std::size_t per_client);  // false: too many
  void leave(const net::Peer& peer);
  std::size_t connected() const { return connected_; }

  // One more message of this client; false when it has had `per_minute` in the last minute. 0: no limit.
  bool may_send(const net::Peer& peer, std::size_t per_minute, base::SteadyTime now);

 private:
  struct Client {
    std::size_t connections = 0;
    double allowance = 0;  // token bucket, refilled at per_minute a minute
    base::SteadyTime seen{};
    bool known = false;
  };
  static bool exempt(const net::Peer& peer) { return peer.is_local_socket || peer.address.is_loopback(); }
  void forget_idle(base::SteadyTime now);

  std::map<net::IpAddress, Client> clients_;
  std::size_t connected_ = 0;
};

}  // namespace postern::intake
