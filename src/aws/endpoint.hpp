// Where a service of AWS is reached. Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>

#include "postern/base/result.hpp"
#include "postern/net/http_client.hpp"

namespace postern::aws {

struct EndpointQuery {
  std::string_view host;      // "email", "sts": the host is <host>.<region>.amazonaws.com
  std::string_view variable;  // "SESV2", "STS": of AWS_ENDPOINT_URL_...
  std::string region;
  std::string endpoint_url;  // of the configuration; wins
};

// Errc::invalid: no region, or a URL that is none; plain http goes to this machine only.
base::Result<net::HttpUrl> endpoint_of(const EndpointQuery& query, const net::Environment& environment);

bool is_this_machine(const std::string& host);  // localhost or a loopback address

}  // namespace postern::aws
