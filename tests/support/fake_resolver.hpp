// A net::Resolver over a zone that the test writes: answers at once, follows CNAMEs, tells NXDOMAIN from
// NODATA (a name below which others lie exists), misbehaves by name on request and remembers what it was
// asked. Names compare without case and final dot; owners with blanks and % are names too. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/net/dns.hpp"

namespace postern::support {

class FakeResolver final : public net::Resolver {
 public:
  struct Question {
    std::string name;  // as asked
    net::DnsType type{};
    bool operator==(const Question&) const = default;
  };

  // Each call adds one record. Mistakes of the test (no IP address) throw.
  void txt(std::string_view name, std::string text);
  void a(std::string_view name, std::string_view ip);  // A, or AAAA for an IPv6 address
  void mx(std::string_view name, std::uint16_t preference, std::string exchange);
  void ptr(std::string_view ip_or_name, std::string target);  // an address stands for its in-addr or ip6.arpa
  void cname(std::string_view name, std::string target);
  void exists(std::string_view name);  // NODATA for whatever it has no record of

  // For every type, or for one.
  void timeout(std::string_view name, std::optional<net::DnsType> type = {});
  void servfail(std::string_view name, std::optional<net::DnsType> type = {});
  void garbage(std::string_view name, std::optional<net::DnsType> type = {});
  // Answers to `name` take that long on `clock`.
  void slow(std::string_view name, base::Clock& clock, base::Duration duration);
  // When answers about `name` expire, negative ones too; never, unless told.
  void expires(std::string_view name, base::SteadyTime when);
  void clear();  // the zone is empty again; what was asked stays

  const std::vector<Question>& asked() const { return asked_; }
  std::size_t queries() const { return asked_.size(); }
  std::size_t queries(std::string_view name) const;
  void forget_queries() { asked_.clear(); }
  void remember_queries(bool on) { remember_ = on; }  // off: for benches

  base::Task<base::Result<net::DnsAnswerPtr>> query(std::string name, net::DnsType type) override;

 private:
  struct Node {
    std::optional<std::string> alias;
    std::map<net::DnsType, net::DnsAnswer> answers;
    std::map<net::DnsType, base::Error> errors;
    base::SteadyTime expires = base::SteadyTime::max();
    base::Clock* clock = nullptr;
    base::Duration delay{};
  };

  Node& node(std::string_view name);
  net::DnsAnswer& answer(std::string_view name, net::DnsType type);
  void fail(std::string_view name, std::optional<net::DnsType> type, const base::Error& error);
  bool is_above_another(const std::string& key) const;
  base::Result<net::DnsAnswerPtr> find(std::string key, net::DnsType type) const;

  std::map<std::string, Node, std::less<>> nodes_;
  std::vector<Question> asked_;
  bool remember_ = true;
};

}  // namespace postern::support
