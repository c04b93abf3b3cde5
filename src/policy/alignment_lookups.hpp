// The resolver of one assessment: hands questions on, remembers when the first answer expires and whether one
// was missing, and asks nothing more once the assessment has been given up. Loop thread.
#pragma once

#include <string>

#include "postern/base/clock.hpp"
#include "postern/net/dns.hpp"

namespace postern::policy {

class Lookups final : public net::Resolver {
 public:
  Lookups(net::Resolver& resolver, base::Clock& clock, base::SteadyTime give_up);
  base::Task<base::Result<net::DnsAnswerPtr>> query(std::string name, net::DnsType type) override;
  void stop() { stopped_ = true; }  // the resolver is not touched from here on

  bool failed() const { return failed_; }                // a question without an answer
  base::SteadyTime expires() const { return expires_; }  // max() before the first answer

 private:
  net::Resolver& resolver_;
  base::Clock& clock_;
  base::SteadyTime give_up_;
  base::SteadyTime expires_ = base::SteadyTime::max();
  bool stopped_ = false;
  bool failed_ = false;
};

}  // namespace postern::policy
