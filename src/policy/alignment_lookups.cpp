#include "alignment_lookups.hpp"

#include <algorithm>

namespace postern::policy {

Lookups::Lookups(net::Resolver& resolver, base::Clock& clock, base::SteadyTime give_up)
    : resolver_(resolver), clock_(clock), give_up_(give_up) {}

base::Task<base::Result<net::DnsAnswerPtr>> Lookups::query(std::string name, net::DnsType type) {
  if (stopped_ || clock_.steady_now() >= give_up_) {
    failed_ = true;
    co_return base::fail(stopped_ ? base::Errc::cancelled : base::Errc::timeout,
                         stopped_ ? "postern is stopping" : "the look-ups took too long");
  }
  auto answer = co_await resolver_.query(std::move(name), type);
  if (answer) {
    expires_ = std::min(expires_, (*answer)->expires);
  } else if (answer.error().code != base::Errc::invalid) {
    failed_ = true;
  }
  co_return answer;
}

}  // namespace postern::policy
