// Answers of the DNS by question, each until its time is over; bounded in entries and in octets, what was
// used longest ago goes first. Errors are kept too. Pure: the caller says what time it is. Private to net.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "postern/net/dns.hpp"

namespace postern::net {

class DnsCache {
 public:
  using Outcome = base::Result<DnsAnswerPtr>;
  explicit DnsCache(const DnsCacheOptions& options) : options_(options) {}
  DnsCache(DnsCache&&) = default;  // a copy's keys would lie in the original
  DnsCache& operator=(DnsCache&&) = default;

  const Outcome* find(std::string_view key, base::SteadyTime now);  // valid until the next put
  void put(std::string key, Outcome outcome, base::SteadyTime now, base::Duration keep);
  std::size_t entries() const { return order_.size(); }
  std::size_t octets() const { return octets_; }

 private:
  struct Entry {
    std::string key;
    Outcome outcome;
    base::SteadyTime expires;
    std::size_t octets;
  };
  using Place = std::list<Entry>::iterator;
  void drop(Place place);

  DnsCacheOptions options_;
  std::list<Entry> order_;                              // the latest used in front
  std::unordered_map<std::string_view, Place> places_;  // of the keys in order_
  std::size_t octets_ = 0;
};

// How long an answer is kept. ttl: what the message says, if it does.
base::Duration time_to_keep(const DnsCacheOptions& options, std::optional<std::chrono::seconds> ttl);

}  // namespace postern::net
