// Hands one message for some recipients to SES (or another smarthost) and tells what it said. Behind an
// interface: SMTP now, the HTTPS API later. Loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/task.hpp"
#include "postern/delivery/outcome.hpp"
#include "postern/spool/message.hpp"

namespace postern::delivery {

struct Transmission {
  spool::MessagePtr message;  // content loaded
  std::string prefix;         // fields to put before the header: DKIM-Signature, X-SES-*
  std::vector<spool::Recipient> recipients;
};

struct RecipientResult {
  int number = 0;
  Outcome outcome;
  smtp::Reply reply;  // code 0: none, see error
  std::string error;  // for the log when there is no reply
  std::string ses_id;
};

struct TransmissionResult {
  std::vector<RecipientResult> recipients;  // one for each asked
  std::string relay;                        // host[ip]:port; host:port when it was not reached
};

class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual base::Task<TransmissionResult> send(Transmission transmission) = 0;
  virtual std::size_t capacity() const = 0;  // transactions that may run at once
  virtual base::Task<void> close() = 0;      // QUITs idle connections
};

}  // namespace postern::delivery
