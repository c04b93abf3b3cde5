// DNS as a resolver of policies sees it: TXT, A, AAAA, MX, PTR of exactly the name asked for; no search list,
// no hosts file. SPF, DMARC and doctor ask it. NXDOMAIN and NODATA are answers, SERVFAIL, refusal and timeout
// are errors: RFC 7208 needs the four apart. Loop thread only. Endpoints (upstream, AWS) ask HostResolver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/ip.hpp"
#include "postern/net/resolver.hpp"

namespace postern::net {

enum class DnsType : std::uint16_t { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28 };
std::string_view to_string(DnsType type);  // A, PTR, MX, TXT, AAAA

struct MxRecord {
  std::uint16_t preference = 0;
  std::string exchange;  // lower case, without the final dot; "" is the null MX of RFC 7505
  bool operator==(const MxRecord&) const = default;
};

struct DnsAnswer {
  enum class Status { found, no_data, no_such_name };
  Status status = Status::found;
  std::vector<IpAddress> addresses;  // a, aaaa
  std::vector<std::string> texts;    // txt: one a record, its strings joined without a blank between
  std::vector<MxRecord> mx;          // by preference
  std::vector<std::string> names;    // ptr: lower case, without the final dot
  base::SteadyTime expires{};        // by the least TTL of what it was made of, within the cache's bounds
};
using DnsAnswerPtr = std::shared_ptr<const DnsAnswer>;

class Resolver {
 public:
  virtual ~Resolver() = default;
  // name: with or without the final dot. CNAMEs are followed. Errors: timeout; unavailable (SERVFAIL,
  // REFUSED, no server reachable); protocol (an answer that can't be read, or for another question); invalid
  // (not a name that DNS can carry: empty label, label over 63, name over 253 octets, a NUL; no query is
  // made); cancelled, closed (at and after stop). Any other octet of a name is asked as it is: no escapes.
  virtual base::Task<base::Result<DnsAnswerPtr>> query(std::string name, DnsType type) = 0;
};

struct DnsCacheOptions {
  std::size_t entries = 10000;
  std::size_t octets = 16 * 1024 * 1024;  // an answer may have 64 KiB, and strangers choose which are asked
  base::Duration min_ttl{std::chrono::seconds(5)};
  base::Duration max_ttl{std::chrono::hours(1)};
  base::Duration negative_ttl{std::chrono::minutes(1)};  // where the answer has no SOA
  base::Duration error_ttl{std::chrono::seconds(5)};     // errors too: an outage is not asked for every mail
};

// c-ares, cached by TTL with a bound; a question that is under way is asked once for all who wait.
class CaresResolver final : public Resolver {
 public:
  static base::Result<std::unique_ptr<CaresResolver>> create(base::Executor executor, base::Clock& clock,
                                                             const DnsOptions& options,
                                                             const DnsCacheOptions& cache = {});
  ~CaresResolver() override;
  base::Task<base::Result<DnsAnswerPtr>> query(std::string name, DnsType type) override;
  void stop();  // ends what is pending with Errc::cancelled; the loop can then run out of work

 private:
  struct Impl;
  explicit CaresResolver(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace postern::net
