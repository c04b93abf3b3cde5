#include "postern/app/snapshot.hpp"

#include <map>
#include <utility>

#include "credential.hpp"
#include "postern/base/text.hpp"
#include "postern/dkim/signer.hpp"
#include "postern/net/ip.hpp"
#include "postern/net/tls.hpp"
#include "snapshot_aws.hpp"

namespace postern::app {

namespace {

std::string element(std::string_view list, std::size_t index, std::string_view key) {
  return std::string(list) + "[" + std::to_string(index) + "]." + std::string(key);
}

void add_problem(Problems& problems, const Config& config, std::string key, std::string message) {
  const int line = config.origin.line_of(key);
  problems.push_back({line, std::move(key), std::move(message)});
}

std::shared_ptr<const policy::AlignmentSettings> alignment_settings(const Config& config) {
  auto out = std::make_shared<policy::AlignmentSettings>();
  out->spf = config.spf.action;
  out->dmarc = config.dmarc.action;
  out->authorised = config.spf.authorised;
  for (const auto& [identity, domain] : config.spf.mail_from_domain)
    out->mail_from_domain[base::to_lower(identity)] = base::to_lower(domain);
  out->region = config.aws.region;
  return out;
}

feedback::SuppressionSyncSettings sync_settings(const Config& config) {
  feedback::SuppressionSyncSettings out;
  const auto& sync = config.suppression.sync;
  out.enabled = sync.enabled;
  out.interval = sync.interval;
  out.full_interval = sync.full_interval;
  out.reasons = config.suppression.reasons;
  out.configuration_set = config.upstream.front().configuration_set;
  out.region = config.aws.region;
  out.account = config.aws.endpoint_url + " " + config.aws.profile + " " + config.aws.access_key_id;
  return out;
}

policy::Settings policy_settings(const Config& config) {
  policy::Settings out;
  for (const auto& text : config.access.networks) out.networks.push_back(net::Network::parse(text).value());
  out.senders = config.access.senders;
  out.recipients = config.access.recipients;
  out.rewrite = config.rewrite;
  out.suppression_action = config.suppression.action;
  out.suppression_reasons = config.suppression.reasons;
  out.suppression_on_error = config.suppression.on_error;
  out.suppression_max_age = config.suppression.max_age;
  out.alignment = alignment_settings(config);
  return out;
}

intake::Settings intake_settings(const Config& config, std::shared_ptr<const policy::Settings> policy) {
  const LimitsConfig& limits = config.limits;
  intake::Settings out;
  out.hostname = config.hostname;
  out.message_size = limits.message_size;
  out.recipients = limits.recipients;
  out.connections = limits.connections;
  out.connections_per_client = limits.connections_per_client;
  out.errors = limits.errors;
  out.command_timeout = limits.command_timeout;
  out.data_timeout = limits.data_timeout;
  out.messages_per_minute_per_client = limits.messages_per_minute_per_client;
  out.spool_size = limits.spool_size;
  out.min_free = limits.min_free;
  out.reject_bare_newline = config.message.bare_newline == BareNewline::reject;
  out.fixups = {config.message.add_missing, limits.hops, config.hostname};
  out.policy = std::move(policy);
  return out;
}

// The signer is made of all keys and stops at the first bad one; then each is tried alone, to name every one.
void name_bad_keys(const Config& config, const std::string& message, Problems& problems) {
  const std::size_t before = problems.size();
  for (std::size_t i = 0; i < config.dkim.keys.size(); ++i) {
    const auto alone = dkim::Signer::create({config.dkim.keys[i]});
    if (alone.has_value()) continue;
    const bool absent = alone.error().code == base::Errc::not_found;
    add_problem(problems, config, element("dkim.keys", i, "key_file"),
                alone.error().message + (absent ? credential_remedy(config.dkim.keys[i].key_file) : ""));
  }
  if (problems.size() == before) add_problem(problems, config, "dkim.keys", message);
}

std::shared_ptr<const dkim::Signer> make_signer(const Config& config, Problems& problems) {
  if (config.dkim.keys.empty()) return nullptr;
  auto signer = dkim::Signer::create(config.dkim.keys);
  if (signer.has_value()) return std::move(*signer);
  name_bad_keys(config, signer.error().message, problems);
  return nullptr;
}

// By CA file: servers that trust the same share one.
using TlsContexts = std::map<std::string, std::shared_ptr<net::TlsContext>>;

std::shared_ptr<net::TlsContext> make_context(const Config& config, std::size_t index, TlsContexts& contexts,
                                              Problems& problems) {
  const UpstreamConfig& upstream = config.upstream[index];
  if (upstream.tls == delivery::TlsMode::none) return nullptr;
  const auto known = contexts.find(upstream.ca_file);
  if (known != contexts.end()) return known->second;
  auto context = net::TlsContext::client(upstream.ca_file);
  if (context.has_error()) {
    add_problem(problems, config, element("upstream", index, "ca_file"), context.error().message);
    return nullptr;
  }
  return contexts.emplace(upstream.ca_file, std::move(*context)).first->second;
}

delivery::UpstreamSettings upstream_settings(const Config& config, std::size_t index, TlsContexts& contexts,
                                             Problems& problems) {
  const UpstreamConfig& from = config.upstream[index];
  delivery::UpstreamSettings out;
  out.host = from.host;
  out.port = from.port;
  out.tls = from.tls;
  out.tls_context = make_context(config, index, contexts, problems);
  out.username = from.username;
  out.password = from.password;
  out.connections = from.connections;
  out.helo = config.hostname;
  out.configuration_set = from.configuration_set;
  out.tags = from.tags;
  return out;
}

delivery::Settings delivery_settings(const Config& config, Problems& problems) {
  delivery::Settings out;
  TlsContexts contexts;
  for (std::size_t i = 0; i < config.upstream.size(); ++i) {
    out.upstreams.push_back(upstream_settings(config, i, contexts, problems));
  }
  out.signer = make_signer(config, problems);
  out.on_missing_key = config.dkim.on_missing_key;
  out.recipients_per_message = config.delivery.recipients_per_message;
  out.rate = config.delivery.rate;
  out.retry = {config.delivery.retry, config.delivery.lifetime};
  out.hold_unverified = config.delivery.unverified_sender == UnverifiedSender::hold;
  return out;
}

}  // namespace

SnapshotResult build_snapshot(Config config, const Machine& machine) {
  Problems problems;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->aws = aws_settings(config, machine, problems);
  for (std::size_t i = 0; i < config.upstream.size(); ++i) {
    if (!config.upstream[i].derive) continue;
    const int line = config.origin.line_of(element("upstream", i, "derive"));
    derive_credentials(snapshot->aws, machine, config.upstream[i], i, line, problems);
  }
  snapshot->sync = std::make_shared<feedback::SuppressionSyncSettings>(sync_settings(config));
  auto policy = std::make_shared<policy::Settings>(policy_settings(config));
  snapshot->delivery = std::make_shared<delivery::Settings>(delivery_settings(config, problems));
  policy->signer = snapshot->delivery->signer;
  snapshot->policy = std::move(policy);
  snapshot->intake = std::make_shared<intake::Settings>(intake_settings(config, snapshot->policy));
  if (!problems.empty()) return problems;
  snapshot->config = std::move(config);
  return SnapshotPtr(std::move(snapshot));
}

SnapshotResult load_snapshot(const std::string& path, const Machine& machine) {
  auto config = load_config(path, machine);
  if (config.has_error()) return std::move(config).error();
  return build_snapshot(std::move(*config), machine);
}

}  // namespace postern::app
