// DNS behind an interface; the real one is c-ares on the loop (net/cares_resolver.cpp). Loop thread only.
// NXDOMAIN and NODATA are answers (Answer::status), SERVFAIL, refusal and timeout are errors: RFC 7208 needs
// the four apart.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/ip.hpp"

namespace postern::net {

// For endpoints (upstream, AWS): hosts file, search list, A and AAAA. A literal needs no look-up.
class HostResolver {
 public:
  virtual ~HostResolver() = default;
  // Never empty on success. Errc::not_found: no such host; unavailable: the DNS did not answer.
  virtual base::Task<base::Result<std::vector<IpAddress>>> addresses(std::string host) = 0;
};

struct DnsOptions {
  std::vector<std::string> servers;  // host:port; empty: the system's
  std::chrono::milliseconds timeout{2000};
  int tries = 2;
};

class CaresHostResolver final : public HostResolver {
 public:
  static base::Result<std::unique_ptr<CaresHostResolver>> create(base::Executor executor, base::Clock& clock,
                                                                 const DnsOptions& options);
  ~CaresHostResolver() override;
  base::Task<base::Result<std::vector<IpAddress>>> addresses(std::string host) override;
  void stop();  // ends what is pending; the loop can then run out of work

 private:
  struct Impl;
  explicit CaresHostResolver(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace postern::net
