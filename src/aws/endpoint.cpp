#include "aws/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/profile.hpp"
#include "postern/net/ip.hpp"

namespace postern::aws {

namespace {

// The partitions differ in their domain.
std::string_view domain_of(std::string_view region) {
  if (region.starts_with("cn-")) return "amazonaws.com.cn";
  if (region.starts_with("eusc-")) return "amazonaws.eu";
  return "amazonaws.com";
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() < 40 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

base::Result<net::HttpUrl> checked(const std::string& name, const std::string& text) {
  auto url = net::HttpUrl::parse(text);
  if (!url) return base::fail(url.error().code, name + ": " + url.error().message);
  if (!url->query.empty()) return base::fail(base::Errc::invalid, name + ": a query has no place in it");
  if (url->tls || is_this_machine(url->host)) return url;
  return base::fail(base::Errc::invalid, name + ": http:// is for this machine only, use https://");
}

}  // namespace

bool is_this_machine(const std::string& host) {
  const auto ip = net::IpAddress::parse(host);
  return host == "localhost" || (ip && ip->is_loopback());
}

base::Result<net::HttpUrl> endpoint_of(const EndpointQuery& query, const net::Environment& environment) {
  if (!query.endpoint_url.empty()) return checked("aws.endpoint_url", query.endpoint_url);
  for (const auto& name :
       {"AWS_ENDPOINT_URL_" + std::string(query.variable), std::string("AWS_ENDPOINT_URL")}) {
    const std::string url = variable(environment, name);
    if (!url.empty()) return checked(name, url);
  }
  if (query.region.empty()) {
    return base::fail(base::Errc::invalid, "no region: set aws.region, AWS_REGION or region in the profile");
  }
  if (!is_region(query.region)) return base::fail(base::Errc::invalid, "not a region: " + query.region);
  net::HttpUrl url;
  url.host = fmt::format("{}.{}.{}", query.host, query.region, domain_of(query.region));
  return url;
}

}  // namespace postern::aws
