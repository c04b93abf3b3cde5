// spf.authorised as networks, and a domain's SPF against all of them: question (a) of alignment.hpp, and the
// SPF of the MAIL FROM domain. Loop thread.
#pragma once

#include <string>
#include <vector>

#include "alignment_facts.hpp"
#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"

namespace postern::policy {

base::Task<AuthorisedNetworks> flatten_authorised(net::Resolver& resolver, std::vector<std::string> entries);

// The first address of each network is tried: a flattened record that has gone stale lacks one of them.
base::Task<AuthorisedSpf> check_authorised(net::Resolver& resolver, AuthorisedNetworks authorised,
                                           std::string domain);

net::IpAddress first_address(const net::Network& network);
std::string to_text(const net::Network& network);  // 54.240.0.0/18

}  // namespace postern::policy
