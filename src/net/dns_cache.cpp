#include "dns_cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::net {

namespace {

constexpr std::size_t overhead = 400;  // of an entry: nodes, blocks, the answer without what it holds

std::size_t octets_of(const std::string& key, const DnsCache::Outcome& outcome) {
  std::size_t out = overhead + key.size();
  if (!outcome) return out + outcome.error().message.size();
  const auto& answer = **outcome;
  out += answer.addresses.size() * sizeof(IpAddress);
  for (const auto& text : answer.texts) out += sizeof text + text.size();
  for (const auto& name : answer.names) out += sizeof name + name.size();
  for (const auto& mx : answer.mx) out += sizeof mx + mx.exchange.size();
  return out;
}

}  // namespace

const DnsCache::Outcome* DnsCache::find(std::string_view key, base::SteadyTime now) {
  const auto found = places_.find(key);
  if (found == places_.end()) return nullptr;
  const auto place = found->second;
  if (place->expires <= now) {
    drop(place);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, place);
  return &place->outcome;
}

void DnsCache::put(std::string key, Outcome outcome, base::SteadyTime now, base::Duration keep) {
  const auto old = places_.find(key);
  if (old != places_.end()) drop(old->second);
  const auto octets = octets_of(key, outcome);
  if (options_.entries == 0 || octets > options_.octets) return;
  order_.push_front({std::move(key), std::move(outcome), now + keep, octets});
  places_.emplace(order_.front().key, order_.begin());
  octets_ += octets;
  while (order_.size() > options_.entries || octets_ > options_.octets) drop(std::prev(order_.end()));
}

void DnsCache::drop(Place place) {
  places_.erase(place->key);
  octets_ -= place->octets;
  order_.erase(place);
}

base::Duration time_to_keep(const DnsCacheOptions& options, std::optional<std::chrono::seconds> ttl) {
  if (!ttl) return options.negative_ttl;
  return std::min<base::Duration>(std::max<base::Duration>(*ttl, options.min_ttl), options.max_ttl);
}

}  // namespace postern::net
