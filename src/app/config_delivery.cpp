#include "config_sections.hpp"
#include "postern/net/ip.hpp"

namespace postern::app {

namespace {

using namespace std::chrono_literals;
using delivery::TlsMode;

constexpr std::size_t longest_schedule = 50;

void read_endpoint(Section& section, UpstreamConfig& into) {
  std::string text;
  section.require("endpoint");
  section.value("endpoint", text, endpoint());
  const auto parsed = net::HostPort::parse(text);
  if (text.empty() || parsed.has_error()) return;
  into.host = parsed->host;
  into.port = parsed->port;
}

void read_credentials(Section& section, UpstreamConfig& into) {
  section.value("derive", into.derive, yes_or_no());
  section.value("username", into.username, some_text());
  section.secret("password", into.password, into.password_file);
  const bool password = section.has("password") || section.has("password_file");
  if (into.derive && (section.has("username") || password)) {
    section.problem("derive", "user name and password come from the AWS keys: leave them out");
    return;
  }
  if (section.has("username") && !password) section.problem("username", "needs a password or password_file");
  if (password && !section.has("username")) section.require("username");
}

void read_upstream(Section& section, UpstreamConfig& into) {
  section.only_value("type", only("smtp", {"api"}));
  read_endpoint(section, into);
  section.value(
      "tls", into.tls,
      choice<TlsMode>(
          {{"starttls", TlsMode::starttls}, {"implicit", TlsMode::implicit}, {"none", TlsMode::none}}));
  if (into.tls == TlsMode::none && !into.host.empty() && !is_loopback_host(into.host)) {
    section.problem("tls",
                    "none is for loopback only: mail and password would go to " + into.host + " in clear");
  }
  section.value("ca_file", into.ca_file, any_text());
  read_credentials(section, into);
  section.value("connections", into.connections, number(1, 1000));
  // What SES takes in X-SES-CONFIGURATION-SET and X-SES-MESSAGE-TAGS; they go into a header as they are.
  section.value("configuration_set", into.configuration_set, optional(text_of("name", "_-", 64)));
  section.pairs("tags", into.tags, text_of("name", "_-:", 256), text_of("value", "_-.@", 256));
}

}  // namespace

void read_upstreams(Section& root, std::vector<UpstreamConfig>& into) {
  root.require("upstream");
  const auto count =
      root.list("upstream", [&](Section& element) { read_upstream(element, into.emplace_back()); });
  if (count == 0u) root.problem("upstream", "must name at least one server");
}

void read_delivery(Section& section, DeliveryConfig& into) {
  section.only_value("mode", only("queue", {"direct"}));
  section.value("rate", into.rate, rate());
  section.value("recipients_per_message", into.recipients_per_message, number(1, 50));
  section.values("retry", into.retry, duration(100ms, 24h));
  if (into.retry.empty()) section.problem("retry", "must have at least one wait");
  if (into.retry.size() > longest_schedule) section.problem("retry", "must have 50 waits at most");
  section.value("lifetime", into.lifetime, duration(1s, std::chrono::hours(24 * 30)));
  section.value(
      "unverified_sender", into.unverified_sender,
      choice<UnverifiedSender>({{"hold", UnverifiedSender::hold}, {"bounce", UnverifiedSender::bounce}}));
  section.value("drain", into.drain, duration_or_zero(100ms, 1h));
  section.value("drain_queue", into.drain_queue, yes_or_no());
}

}  // namespace postern::app
