// The sections of the configuration: which keys there are, what form their values have and where they go.
// Called by the loader, in the order of the file; a new key is added here and nowhere else (and to
// conf/postern.yaml, which a test demands).
#pragma once

#include "postern/app/config.hpp"
#include "yaml_section.hpp"

namespace postern::app {

void read_listen(Section& root, std::vector<ListenConfig>& into);
void read_access(Section& section, AccessConfig& into);
void read_limits(Section& section, LimitsConfig& into);
void read_rewrite(Section& section, mail::RewriteRules& into);
void read_message(Section& section, MessageConfig& into);

void read_dkim(Section& section, DkimConfig& into);
void read_spf(Section& section, SpfConfig& into);
void read_dmarc(Section& section, DmarcConfig& into);
void read_dns(Section& section, DnsConfig& into);
void read_suppression(Section& section, SuppressionConfig& into);
void read_aws(Section& section, AwsConfig& into);

void read_upstreams(Section& root, std::vector<UpstreamConfig>& into);
void read_delivery(Section& section, DeliveryConfig& into);

void read_admin(Section& section, AdminConfig& into);
void read_log(Section& section, LogConfig& into);

}  // namespace postern::app
