// One SPF record as RFC 7208 12 has it: text -> directives and modifiers, or the first error. Pure. The
// parsed record points into the text. Which TXT record is one is said here too.
#pragma once

#include <string_view>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/net/ip.hpp"
#include "postern/policy/spf.hpp"

namespace postern::policy {

enum class SpfMechanism { all, include, a, mx, ptr, ip4, ip6, exists };

struct SpfDirective {
  std::string_view text;               // as published
  SpfResult result = SpfResult::pass;  // of the qualifier
  SpfMechanism mechanism = SpfMechanism::all;
  std::string_view domain_spec;  // empty: the domain of the record
  net::IpAddress address;        // of ip4 and ip6
  int prefix4 = 32;              // of IPv4 clients: a, mx, ip4
  int prefix6 = 128;             // of IPv6 clients: a, mx, ip6
};

struct SpfModifier {
  std::string_view text;         // as published; empty: there is none
  std::string_view domain_spec;  // behind the =
};

struct SpfRecord {
  std::vector<SpfDirective> directives;
  SpfModifier redirect;
  SpfModifier exp;
};

bool is_spf_record(std::string_view text);  // 4.5: it begins with v=spf1 and a blank or the end
base::Result<SpfRecord> parse_spf_record(std::string_view text);

bool costs_lookup(SpfMechanism mechanism);  // 4.6.4

// The network that an address is of; host bits are cleared.
net::Network network_of(const net::IpAddress& address, const SpfDirective& directive);

}  // namespace postern::policy
