// SES (or another smarthost) over SMTP: a pool of connections, reused within SES's limits and closed after 5
// s idle, since SES closes after 10 s and its 451 would be read as the answer to the next MAIL
// (facts/SES.md 1.4, 1.6). Loop thread.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "connection.hpp"
#include "postern/base/log.hpp"
#include "postern/base/spawn.hpp"
#include "postern/delivery/upstream.hpp"

namespace postern::delivery {

class SmtpUpstream final : public Upstream {
 public:
  SmtpUpstream(UpstreamSettings settings, base::Executor executor, net::Dialer& dialer, base::Clock& clock,
               base::Pool& disk, base::Log& log);

  base::Task<TransmissionResult> send(Transmission transmission) override;
  std::size_t capacity() const override { return settings_.connections; }
  base::Task<void> close() override;
  const UpstreamSettings& settings() const { return settings_; }
  std::string name() const { return net::HostPort{settings_.host, settings_.port}.to_string(); }

 private:
  using ConnectionPtr = std::unique_ptr<Connection>;
  struct Acquired {
    ConnectionPtr connection;
    bool fresh = false;
    Breakdown broken;  // when there is no connection
  };
  base::Task<Acquired> acquire(bool fresh_only);
  void give_back(ConnectionPtr connection);
  void retire(ConnectionPtr connection);
  base::Task<void> close_idle();
  std::string relay(const Connection& connection) const;
  TransmissionResult broken(const Transmission& transmission, const Breakdown& why, std::string relay) const;
  TransmissionResult answered(const Transmission& transmission, const Connection::Sent& sent,
                              std::string relay) const;

  UpstreamSettings settings_;
  base::Executor executor_;
  net::Dialer& dialer_;
  base::Clock& clock_;
  base::Pool& disk_;
  std::list<ConnectionPtr> idle_;  // the most recently used in front
  bool reaping_ = false;
  std::unique_ptr<base::Timer> reaper_;
  base::TaskGroup tasks_;
};

}  // namespace postern::delivery
