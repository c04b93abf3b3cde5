// Steps 12 to 17 of the path of a message: load, sign, send, settle. Loop thread.
#pragma once

#include <string>
#include <vector>

#include "postern/delivery/delivery.hpp"
#include "rate.hpp"
#include "route.hpp"
#include "settler.hpp"

namespace postern::delivery {

class Deliverer {
 public:
  Deliverer(Dependencies& deps, DeliveryMetrics& metrics, Settler& settler, Rate& rate)
      : deps_(deps), metrics_(metrics), settler_(settler), rate_(rate) {}

  // Everything due of one message. `due` names the recipients; its content may be absent.
  base::Task<void> deliver(spool::MessagePtr due, std::shared_ptr<const Settings> settings, RoutePtr route);

 private:
  struct Signed {
    std::string prefix;              // what to put before the header
    std::optional<Outcome> refused;  // instead of sending
    std::string detail;
  };
  base::Task<base::Result<spool::MessagePtr>> load(spool::MessagePtr due);
  base::Task<Signed> sign(spool::MessagePtr message, std::shared_ptr<const Settings> settings,
                          const UpstreamSettings& upstream);
  struct Sent {
    bool go_on = true;                     // false: the upstream is in trouble, the rest waits for it too
    std::vector<spool::Recipient> spoilt;  // not settled: to be tried one by one
  };
  base::Task<Sent> transmit(spool::MessagePtr message, std::vector<spool::Recipient> recipients,
                            const std::string& prefix, std::shared_ptr<const Settings> settings,
                            Route& route);
  base::Duration learn(const TransmissionResult& result, Route& route);

  Dependencies& deps_;
  DeliveryMetrics& metrics_;
  Settler& settler_;
  Rate& rate_;
};

}  // namespace postern::delivery
