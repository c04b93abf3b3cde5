// What evaluation and survey ask the DNS alike: the SPF record of a domain. Owns nothing; loop thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"
#include "postern/policy/spf.hpp"

namespace postern::policy {

// RFC 7208 4.3 to 4.5. state: pass (there is exactly one record, not parsed yet), none, permerror (several),
// temperror. The records point into the answer.
struct PublishedSpf {
  SpfResult state = SpfResult::none;
  std::string problem;
  net::DnsAnswerPtr answer;  // null after an error
  std::vector<std::string_view> records;
};
base::Task<PublishedSpf> find_spf(net::Resolver& resolver, std::string domain);

}  // namespace postern::policy
