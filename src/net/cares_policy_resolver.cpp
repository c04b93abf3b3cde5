// Resolver on c-ares: the cache first, then the question that is under way already, then the DNS.
#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>

#include "cares_channel.hpp"
#include "dns_cache.hpp"
#include "dns_message.hpp"
#include "flight.hpp"
#include "postern/net/dns.hpp"

namespace postern::net {

namespace {

// Over several messages, from servers that do not follow CNAMEs themselves.
constexpr int most_questions = 8;

using DnsFlight = Flight<DnsAnswerPtr>;

struct Question {
  std::string key;   // in cache and flights
  std::string name;  // the one asked for, or what its CNAMEs led to
  DnsType type;
  std::optional<std::chrono::seconds> ttl;  // of the CNAMEs so far
  int asked = 0;
};

// What c-ares says when there is no message to read.
base::Result<DnsReading> without_message(const CaresChannel::Records& found) {
  const auto text = "DNS: " + found.error;
  switch (found.status) {
    case CaresChannel::Status::absent: {  // names that the DNS must not be asked for: RFC 7686
      DnsReading out;
      out.answer.status = DnsAnswer::Status::no_such_name;
      return out;
    }
    case CaresChannel::Status::timeout:
      return base::fail(base::Errc::timeout, text);
    case CaresChannel::Status::invalid:
      return base::fail(base::Errc::invalid, text);
    case CaresChannel::Status::cancelled:
      return base::fail(base::Errc::cancelled, text);
    case CaresChannel::Status::answered:
    case CaresChannel::Status::unavailable:
      break;
  }
  return base::fail(base::Errc::unavailable, text);
}

}  // namespace

struct CaresResolver::Impl : std::enable_shared_from_this<CaresResolver::Impl> {
  Impl(base::Clock& c, std::shared_ptr<CaresChannel> ch, const DnsCacheOptions& o)
      : clock(c), channel(std::move(ch)), options(o), cache(o) {}

  std::shared_ptr<DnsFlight> ask(std::string key, DnsType type);
  void send(Question question);
  void received(Question question, const CaresChannel::Records& found);
  void settle(const Question& question, DnsReading reading);
  void land(const std::string& key, base::Result<DnsAnswerPtr> outcome);
  void fail(const Question& question, base::Error error);

  base::Clock& clock;
  std::shared_ptr<CaresChannel> channel;
  DnsCacheOptions options;
  DnsCache cache;
  std::unordered_map<std::string, std::shared_ptr<DnsFlight>> flights;
};

base::Result<std::unique_ptr<CaresResolver>> CaresResolver::create(base::Executor executor,
                                                                   base::Clock& clock,
                                                                   const DnsOptions& options,
                                                                   const DnsCacheOptions& cache) {
  auto channel = CaresChannel::open(std::move(executor), clock, options, CaresChannel::Purpose::records);
  if (!channel) return channel.error();
  auto impl = std::make_shared<Impl>(clock, std::move(*channel), cache);
  return std::unique_ptr<CaresResolver>(new CaresResolver(std::move(impl)));
}

CaresResolver::CaresResolver(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

CaresResolver::~CaresResolver() {
  stop();
}

void CaresResolver::stop() {
  impl_->channel->close();
}

base::Task<base::Result<DnsAnswerPtr>> CaresResolver::query(std::string name, DnsType type) {
  const auto valid = normalize_dns_name(name);
  if (!valid) co_return valid.error();
  if (impl_->channel->closed()) co_return base::fail(base::Errc::closed, "the resolver has been stopped");
  name += '\0';  // in no name: what follows is not part of it
  name += static_cast<char>(type);
  const auto* known = impl_->cache.find(name, impl_->clock.steady_now());
  if (known != nullptr) co_return *known;
  auto flight = impl_->ask(std::move(name), type);
  auto outcome = co_await DnsFlight::wait(std::move(flight));
  co_return outcome;
}

std::shared_ptr<DnsFlight> CaresResolver::Impl::ask(std::string key, DnsType type) {
  const auto under_way = flights.find(key);
  if (under_way != flights.end()) return under_way->second;
  auto flight = std::make_shared<DnsFlight>(clock);
  flights.emplace(key, flight);
  auto name = key.substr(0, key.find('\0'));
  send({std::move(key), std::move(name), type, std::nullopt});
  return flight;
}

void CaresResolver::Impl::send(Question question) {
  ++question.asked;
  const auto name = question.name;
  const auto type = question.type;
  channel->ask_records(name, type,
                       [self = shared_from_this(), question = std::move(question)](
                           const CaresChannel::Records& found) { self->received(question, found); });
}

void CaresResolver::Impl::received(Question question, const CaresChannel::Records& found) {
  auto reading = found.message.empty() ? without_message(found)
                                       : read_dns_answer(found.message, question.name, question.type);
  if (!reading) return fail(question, reading.error());
  if (question.ttl && reading->ttl) reading->ttl = std::min(*reading->ttl, *question.ttl);
  if (reading->alias.empty()) return settle(question, std::move(*reading));
  question.name = std::move(reading->alias);
  question.ttl = reading->ttl;
  const auto valid = normalize_dns_name(question.name);
  if (!valid || question.asked == most_questions)
    return fail(question, base::fail(base::Errc::protocol, "DNS: CNAMEs without end"));
  send(std::move(question));
}

void CaresResolver::Impl::settle(const Question& question, DnsReading reading) {
  const auto now = clock.steady_now();
  const auto keep = time_to_keep(options, reading.ttl);
  reading.answer.expires = now + keep;
  const auto answer = std::make_shared<const DnsAnswer>(std::move(reading.answer));
  cache.put(question.key, answer, now, keep);
  land(question.key, answer);
}

void CaresResolver::Impl::fail(const Question& question, base::Error error) {
  if (error.code != base::Errc::cancelled)
    cache.put(question.key, error, clock.steady_now(), options.error_ttl);
  land(question.key, std::move(error));
}

void CaresResolver::Impl::land(const std::string& key, base::Result<DnsAnswerPtr> outcome) {
  const auto flight = flights.extract(key);
  if (!flight.empty()) flight.mapped()->land(std::move(outcome));
}

}  // namespace postern::net
