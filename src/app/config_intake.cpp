#include "config_sections.hpp"

namespace postern::app {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mega = 1 << 20;
constexpr std::uint64_t giga = 1 << 30;

void read_listener(Section& section, ListenConfig& into) {
  section.require("address");
  section.value("address", into.address, listen_address());
  section.only_value("tls", only("none", {"starttls", "required", "implicit"}));
  section.only_value("auth", only("none", {"optional", "required"}));
  section.only_value("proxy_protocol", only("false", {"true"}));
}

bool is_listed(const std::vector<ListenConfig>& listeners, const std::string& address) {
  for (const auto& listener : listeners) {
    if (!address.empty() && listener.address == address) return true;
  }
  return false;
}

void read_rules(Section& section, const std::string& name, std::vector<mail::RewriteRule>& into) {
  section.list(name, [&](Section& element) {
    mail::RewriteRule rule;
    element.require("match");
    element.require("to");
    element.value("match", rule.match, some_text());
    element.value("to", rule.to, mailbox());
    if (name == "from") element.value("keep", rule.keep_reply_to, choice<bool>({{"reply-to", true}}));
    into.push_back(std::move(rule));
  });
}

}  // namespace

void read_listen(Section& root, std::vector<ListenConfig>& into) {
  std::vector<ListenConfig> written;
  const auto count = root.list("listen", [&](Section& element) {
    ListenConfig listener;
    read_listener(element, listener);
    if (is_listed(written, listener.address)) {
      element.problem("address", "'" + listener.address + "' is listed twice");
    }
    written.push_back(std::move(listener));
  });
  if (count == 0u) root.problem("listen", "must name at least one address");
  if (!written.empty()) into = std::move(written);
}

void read_access(Section& section, AccessConfig& into) {
  section.value("allow_public", into.allow_public, yes_or_no());
  section.values("networks", into.networks, network(into.allow_public));
  section.values("senders", into.senders, some_text());
  section.values("recipients", into.recipients, some_text());
}

void read_limits(Section& section, LimitsConfig& into) {
  section.value("message_size", into.message_size, size(1024, giga));
  section.value("recipients", into.recipients, number(1, 100'000));
  section.value("connections", into.connections, number(1, 100'000));
  section.value("connections_per_client", into.connections_per_client, number(1, 100'000));
  section.value("errors", into.errors, number(1, 1000));
  section.value("hops", into.hops, number(1, 1000));
  section.value("command_timeout", into.command_timeout, duration(1s, 1h));
  section.value("data_timeout", into.data_timeout, duration(1s, 24h));
  section.value("messages_per_minute_per_client", into.messages_per_minute_per_client, number(0, 1'000'000));
  section.value("memory", into.memory, size(mega, 1024 * giga));
  section.value("spool_size", into.spool_size, size_or_zero(mega, 1024 * 1024 * giga));
  section.value("min_free", into.min_free, size_or_zero(mega, 1024 * 1024 * giga));
}

void read_rewrite(Section& section, mail::RewriteRules& into) {
  section.value("default_domain", into.default_domain, optional(domain()));
  read_rules(section, "sender", into.sender);
  read_rules(section, "from", into.from);
  section.value("null_sender", into.null_sender, optional(mailbox()));
  section.value("redirect_all_to", into.redirect_all_to, optional(mailbox()));
}

void read_message(Section& section, MessageConfig& into) {
  section.value(
      "bare_newline", into.bare_newline,
      choice<BareNewline>({{"normalize", BareNewline::normalize}, {"reject", BareNewline::reject}}));
  section.value("add_missing", into.add_missing, yes_or_no());
}

}  // namespace postern::app
