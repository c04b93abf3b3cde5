// The MAIL FROM domain that receivers will see: whose entry of spf.mail_from_domain counts, and whether the
// domain is what SES wants and receivers can use. Question (b) of alignment.hpp. Loop thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "alignment_facts.hpp"
#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"

namespace postern::policy {

inline constexpr std::string_view ses_mail_from = "amazonses.com";

// The identity that SES sends a From domain with: the domain or its nearest parent that has an entry; null:
// neither has.
const std::pair<const std::string, std::string>* mail_from_entry(
    const std::map<std::string, std::string>& entries, std::string_view from_domain);

base::Task<MailFromFacts> look_at_mail_from(net::Resolver& resolver, std::string domain, std::string region,
                                            AuthorisedNetworks authorised);

}  // namespace postern::policy
