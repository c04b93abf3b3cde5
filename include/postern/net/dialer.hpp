// Connects to an endpoint. Behind an interface so that tests can hand out scripted streams. Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/resolver.hpp"
#include "postern/net/stream.hpp"

namespace postern::net {

struct Target {
  std::string host;  // name, literal, or unix:/path
  std::uint16_t port = 0;
  std::shared_ptr<TlsContext> implicit_tls;  // null: plain
};

class Dialer {
 public:
  virtual ~Dialer() = default;
  // Tries the addresses of the host in turn, from a rotating start, within the deadline. The stream keeps the
  // deadline.
  virtual base::Task<base::Result<std::unique_ptr<Stream>>> connect(Target target,
                                                                    base::SteadyTime deadline) = 0;
};

class TcpDialer final : public Dialer {
 public:
  TcpDialer(base::Executor executor, base::Clock& clock, HostResolver& resolver);
  base::Task<base::Result<std::unique_ptr<Stream>>> connect(Target target,
                                                            base::SteadyTime deadline) override;

 private:
  base::Task<base::Result<std::unique_ptr<Stream>>> connect_to_any(std::vector<IpAddress> addresses,
                                                                   std::uint16_t port,
                                                                   base::SteadyTime deadline);

  base::Executor executor_;
  base::Clock& clock_;
  HostResolver& resolver_;
  std::size_t rotation_ = 0;
};

}  // namespace postern::net
