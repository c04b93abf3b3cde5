// Turns what the upstream said into the durable state, the ledger, the log and the counters: the ledger first
// (it is idempotent), then the spool, since a transaction is not atomic across files. A crash between the two
// leaves the recipient in the spool: it is sent again, never lost. Loop thread.
#pragma once

#include <string>
#include <vector>

#include "postern/delivery/delivery.hpp"
#include "postern/delivery/upstream.hpp"

namespace postern::delivery {

struct DeliveryMetrics {
  explicit DeliveryMetrics(base::Metrics& registry);
  base::Counter& deliveries(Outcome::Kind kind);
  base::Counter& throttled(std::string_view kind);

  base::Metrics& registry;
  base::Counter& delivered;
  base::Counter &sent, &retried, &held, &bounced;
  base::Counter &dkim_signed, &dkim_no_key, &dkim_failed;
  base::Histogram& seconds;
  base::Gauge& last_delivery;
};

class Settler {
 public:
  Settler(Dependencies& deps, DeliveryMetrics& metrics) : deps_(deps), metrics_(metrics) {}

  // pause: how long the upstream rests, for failures that are not the message's.
  base::Task<base::Result<void>> settle(const spool::Message& message,
                                        const std::vector<spool::Recipient>& recipients,
                                        const TransmissionResult& result, const Settings& settings,
                                        base::Duration pause);
  // When something was put off, the earliest moment.
  std::optional<base::WallTime> take_earliest_due();

 private:
  spool::Settlement settlement(const spool::Message& message, const spool::Recipient& recipient,
                               const RecipientResult& result, const Settings& settings, base::Duration pause);
  ledger::Row row(const spool::Message& message, const spool::Recipient& recipient,
                  const RecipientResult& result, const spool::Settlement& settled,
                  const std::string& relay) const;
  void log(const spool::Message& message, const ledger::Row& row, const RecipientResult& result) const;
  void count(const spool::Message& message, const RecipientResult& result, const spool::Settlement& settled);

  Dependencies& deps_;
  DeliveryMetrics& metrics_;
  std::optional<base::WallTime> earliest_due_;
};

}  // namespace postern::delivery
