// Names and answers of the DNS as values (RFC 1035, 2181, 2308): from the bytes of a message to a DnsAnswer.
// Pure; what a server sends is not trusted: every bound is checked, every loop has an end. Private to net.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"
#include "postern/net/dns.hpp"

namespace postern::net {

struct DnsReading {
  DnsAnswer answer;  // without `expires`
  // The least TTL of what it was made of; a negative answer without SOA says nothing.
  std::optional<std::chrono::seconds> ttl;
  // Not empty: a CNAME leads to this name, of which the message says nothing (the server does not follow it):
  // it has to be asked next, and `answer` is void.
  std::string alias;
};

// name: as normalised below. Errc::protocol: the message can't be read, or answers another question;
// unavailable: the server says that it has no answer (SERVFAIL, REFUSED, a referral).
base::Result<DnsReading> read_dns_answer(std::string_view message, std::string_view name, DnsType type);

// In place: lower case, without the final dot. Errc::invalid: not a name that DNS can carry.
base::Result<void> normalize_dns_name(std::string& name);

}  // namespace postern::net
