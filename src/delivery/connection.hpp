// One ready SMTP connection to the upstream: greeted, over TLS where asked, authenticated. It carries one
// transaction at a time. All of the protocol's decisions are smtp::ClientGreeting's and
// ClientTransactionProtocol's; this file carries bytes. Loop thread.
#pragma once

#include <memory>
#include <string>

#include "postern/base/clock.hpp"
#include "postern/base/offload.hpp"
#include "postern/delivery/delivery.hpp"
#include "postern/delivery/outcome.hpp"
#include "postern/net/buffered.hpp"
#include "postern/net/dialer.hpp"
#include "postern/smtp/client_protocol.hpp"
#include "postern/smtp/dot_codec.hpp"
#include "postern/smtp/reply.hpp"

namespace postern::delivery {

// Why there is no connection, or why a transaction broke off: the phase, and a reply or an error.
struct Breakdown {
  Phase phase = Phase::connect;
  smtp::Reply reply;  // code 0: none
  base::Error error;  // when there is no reply
};

class Connection {
 public:
  Connection(std::unique_ptr<net::Stream> stream, base::Clock& clock, base::Pool& disk);

  // Dialled, greeted and ready; or what stood in the way.
  static base::Task<boost::system::result<std::unique_ptr<Connection>, Breakdown>> open(
      const UpstreamSettings& settings, net::Dialer& dialer, base::Clock& clock, base::Pool& disk);

  struct Sent {
    smtp::TransactionResult replies;
    std::optional<Breakdown> broken;  // the conversation ended before the final reply
  };
  base::Task<Sent> send(const Transmission& transmission);
  base::Task<void> quit();  // bounded by a second

  bool usable() const { return usable_; }
  bool still_open() const { return usable_ && reader_.pending().empty() && stream_->quiet(); }
  const net::Peer& peer() const { return stream_->peer(); }

  base::SteadyTime opened{};
  base::SteadyTime idle_since{};
  std::size_t transactions = 0;

 private:
  base::Task<std::optional<Breakdown>> greet(const UpstreamSettings& settings);
  base::Task<base::Result<smtp::Reply>> read_reply();
  base::Task<base::Result<void>> send_content(const Transmission& transmission);
  base::Task<base::Result<void>> send_file(const std::string& path, smtp::DotEncoder& encoder,
                                           std::string& bytes);
  void allow(base::Duration time);

  std::unique_ptr<net::Stream> stream_;
  base::Clock& clock_;
  base::Pool& disk_;
  net::BufferedReader reader_;
  smtp::ClientCapabilities capabilities_;
  bool usable_ = true;
};

[[noreturn]] void throw_exception_from_error(const Breakdown& breakdown, const boost::source_location& where);

}  // namespace postern::delivery
