// The AWS side of a snapshot: certificates, proxies, credentials, and SMTP credentials made of AWS keys.
#pragma once

#include "postern/app/snapshot.hpp"

namespace postern::app {

AwsSettings aws_settings(const Config& config, const Machine& machine, Problems& problems);

// User name and password of an upstream with derive: true; a problem when there are no lasting keys.
void derive_credentials(const AwsSettings& aws, const Machine& machine, UpstreamConfig& upstream,
                        std::size_t index, int line, Problems& problems);

}  // namespace postern::app
