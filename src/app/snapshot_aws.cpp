#include "snapshot_aws.hpp"

namespace postern::app {

AwsSettings aws_settings(const Config& config, const Machine& machine, Problems& problems) {
  const auto line = [&config](const char* key) { return config.origin.line_of(key); };
  AwsSettings out;
  out.environment.insert(machine.variables.begin(), machine.variables.end());
  auto tls = net::TlsContext::client(config.aws.ca_file);
  if (tls.has_error()) {
    problems.push_back({line("aws.ca_file"), "aws.ca_file", tls.error().message});
  } else {
    out.tls = std::move(*tls);
  }
  auto proxies = net::ProxyRules::from(out.environment);
  if (proxies.has_error()) {
    problems.push_back({0, "HTTPS_PROXY", proxies.error().message});
  } else {
    out.proxies = std::move(*proxies);
  }
  out.credentials.access_key_id = config.aws.access_key_id;
  out.credentials.secret_access_key = config.aws.secret_access_key;
  out.credentials.profile = config.aws.profile;
  out.credentials.region = config.aws.region;
  if (out.credentials.region.empty() && machine.read_file) {
    auto region = aws::resolve_region(out.credentials, out.environment, machine.read_file);
    if (region.has_value()) out.credentials.region = std::move(*region);
  }
  return out;
}

void derive_credentials(const AwsSettings& aws, const Machine& machine, UpstreamConfig& upstream,
                        std::size_t index, int line, Problems& problems) {
  const std::string key = "upstream[" + std::to_string(index) + "].derive";
  const auto found = aws::static_credentials(aws.credentials, aws.environment, machine.read_file);
  if (found.has_error()) {
    problems.push_back({line, key, found.error().message});
    return;
  }
  if (aws.credentials.region.empty()) {
    problems.push_back({line, key, "the password is of one region: set aws.region"});
    return;
  }
  upstream.username = found->key.access_key_id;
  upstream.password = aws::smtp_password(found->key.secret_access_key, aws.credentials.region);
}

}  // namespace postern::app
