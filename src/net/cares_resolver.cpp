// HostResolver on c-ares. An outage of the DNS does not cut off an upstream whose address is known, and does
// not slow it down either: who asks first waits for the DNS in vain, those after him get what is remembered
// at once, while one question at a time goes on asking.
#include <algorithm>
#include <map>
#include <utility>

#include "cares_channel.hpp"
#include "flight.hpp"
#include "postern/net/resolver.hpp"

namespace postern::net {

namespace {

constexpr auto longest_cached = std::chrono::seconds(60);
constexpr std::size_t cached_names = 100;
// For so long after a failure nobody waits, and at least so far apart are the questions in that time.
constexpr auto outage_lasts = std::chrono::minutes(5);
constexpr auto asked_again_after = std::chrono::seconds(5);

using Addresses = std::vector<IpAddress>;
using HostFlight = Flight<Addresses>;

struct Remembered {
  Addresses addresses;
  base::SteadyTime fresh_until;
  base::SteadyTime outage_until = base::SteadyTime::min();
  base::SteadyTime ask_again_at = base::SteadyTime::min();
};

}  // namespace

struct CaresHostResolver::Impl : std::enable_shared_from_this<CaresHostResolver::Impl> {
  Impl(base::Clock& c, std::shared_ptr<CaresChannel> ch) : clock(c), channel(std::move(ch)) {}

  const Addresses* at_once(const std::string& host);
  std::shared_ptr<HostFlight> ask(const std::string& host);
  base::Result<Addresses> learn(const std::string& host, CaresChannel::Hosts found);
  base::Result<Addresses> do_without(const std::string& host, const CaresChannel::Hosts& found);

  base::Clock& clock;
  std::shared_ptr<CaresChannel> channel;
  std::map<std::string, Remembered> remembered;
  std::map<std::string, std::shared_ptr<HostFlight>> flights;
};

base::Result<std::unique_ptr<CaresHostResolver>> CaresHostResolver::create(base::Executor executor,
                                                                           base::Clock& clock,
                                                                           const DnsOptions& options) {
  auto channel = CaresChannel::open(std::move(executor), clock, options, CaresChannel::Purpose::hosts);
  if (!channel) return channel.error();
  auto impl = std::make_shared<Impl>(clock, std::move(*channel));
  return std::unique_ptr<CaresHostResolver>(new CaresHostResolver(std::move(impl)));
}

CaresHostResolver::CaresHostResolver(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

CaresHostResolver::~CaresHostResolver() {
  stop();
}

void CaresHostResolver::stop() {
  impl_->channel->close();
}

base::Task<base::Result<Addresses>> CaresHostResolver::addresses(std::string host) {
  const auto literal = IpAddress::parse(host);
  if (literal) co_return Addresses{*literal};
  if (impl_->channel->closed()) co_return base::fail(base::Errc::closed, "the resolver has been stopped");
  const auto* known = impl_->at_once(host);
  if (known != nullptr) co_return *known;
  auto flight = impl_->ask(host);
  auto outcome = co_await HostFlight::wait(std::move(flight));
  co_return outcome;
}

const Addresses* CaresHostResolver::Impl::at_once(const std::string& host) {
  const auto found = remembered.find(host);
  if (found == remembered.end()) return nullptr;
  const auto now = clock.steady_now();
  const auto& entry = found->second;
  if (now < entry.fresh_until) return &entry.addresses;
  if (now >= entry.outage_until) return nullptr;
  if (now >= entry.ask_again_at) ask(host);
  return &entry.addresses;
}

std::shared_ptr<HostFlight> CaresHostResolver::Impl::ask(const std::string& host) {
  auto& flight = flights[host];
  if (flight) return flight;
  flight = std::make_shared<HostFlight>(clock);
  channel->ask_hosts(host, [self = shared_from_this(), host](CaresChannel::Hosts found) {
    auto outcome = self->learn(host, std::move(found));
    const auto landing = self->flights.extract(host);
    landing.mapped()->land(std::move(outcome));
  });
  return flight;
}

base::Result<Addresses> CaresHostResolver::Impl::learn(const std::string& host, CaresChannel::Hosts found) {
  if (found.status == CaresChannel::Status::absent) {
    remembered.erase(host);
    return base::fail(base::Errc::not_found, "no such host");
  }
  if (found.status != CaresChannel::Status::answered) return do_without(host, found);
  if (remembered.size() >= cached_names) remembered.clear();
  const auto keep = std::min<std::chrono::seconds>(found.ttl, longest_cached);
  remembered[host] = {found.addresses, clock.steady_now() + keep};
  return std::move(found.addresses);
}

base::Result<Addresses> CaresHostResolver::Impl::do_without(const std::string& host,
                                                            const CaresChannel::Hosts& found) {
  const auto known = remembered.find(host);
  if (known == remembered.end()) return base::fail(base::Errc::unavailable, "DNS: " + found.error);
  const auto now = clock.steady_now();
  known->second.outage_until = now + outage_lasts;
  known->second.ask_again_at = now + asked_again_after;
  return known->second.addresses;
}

}  // namespace postern::net
