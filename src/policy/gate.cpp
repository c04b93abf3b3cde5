#include "postern/policy/gate.hpp"

#include <algorithm>
#include <optional>

#include "postern/mail/address.hpp"
#include "suppressed.hpp"

namespace postern::policy {

namespace {

using Kind = Verdict::Kind;
using Reason = Verdict::Reason;

Verdict keep(std::string address = {}) {
  return {Kind::keep, Reason::none, std::move(address), {}};
}

Verdict reject(Reason reason, std::string detail) {
  return {Kind::reject, reason, {}, std::move(detail)};
}

Verdict defer(Reason reason, std::string detail, std::string address) {
  return {Kind::defer, reason, std::move(address), std::move(detail)};
}

bool allowed(const std::vector<std::string>& patterns, std::string_view address) {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [address](const std::string& pattern) {
           return mail::matches_pattern(pattern, address);
         });
}

// Why the rewritten address can't go into an envelope, and what mends it. nullopt: it can.
std::optional<std::string> unusable(std::string_view address) {
  const auto mailbox = mail::parse_mailbox(address);
  if (mailbox && !mailbox->empty()) return std::nullopt;
  const std::string shown = "<" + std::string(address) + "> ";
  if (mail::is_local_part(address)) return shown + "has no domain: set rewrite.default_domain";
  return shown + "is not an address that can be sent: " + (mailbox ? "it is empty" : mailbox.error().message);
}

}  // namespace

Gate::Gate(suppression::List& suppression, base::Clock& clock, base::Metrics& metrics)
    : suppression_(suppression), clock_(clock), metrics_(metrics) {}

Verdict Gate::check_client(const Settings& settings, const net::IpAddress& client, bool local_socket) const {
  if (local_socket) return keep();
  for (const auto& network : settings.networks) {
    if (network.contains(client)) return keep();
  }
  return reject(Reason::client_not_allowed, client.to_string() + " is not in access.networks");
}

Verdict Gate::check_sender(const Settings& settings, std::string_view path) const {
  auto address = mail::rewrite_sender(settings.rewrite, path);
  if (!address)
    return reject(Reason::null_sender, "<> cannot be relayed to Amazon SES: set rewrite.null_sender");
  if (auto why = unusable(*address)) return reject(Reason::sender_invalid, std::move(*why));
  // null_sender is the administrator's choice, not the client's: access.senders is not asked.
  if (!path.empty() && !allowed(settings.senders, *address))
    return reject(Reason::sender_not_allowed, "<" + *address + "> is not in access.senders");
  return keep(std::move(*address));
}

Verdict Gate::check_from(const Settings& settings, const std::vector<std::string>& from) const {
  if (from.empty() && !allowed(settings.senders, {}))
    return reject(Reason::sender_not_allowed, "From has no address that could be in access.senders");
  for (const auto& address : from) {
    if (!allowed(settings.senders, address))
      return reject(Reason::sender_not_allowed, "From <" + address + "> is not in access.senders");
  }
  return keep();
}

base::Task<Verdict> Gate::check_recipient(std::shared_ptr<const Settings> settings, std::string path) {
  std::string address = mail::rewrite_recipient(settings->rewrite, path);
  if (auto why = unusable(address)) co_return reject(Reason::recipient_not_allowed, std::move(*why));
  if (!allowed(settings->recipients, address))
    co_return reject(Reason::recipient_not_allowed, "<" + address + "> is not in access.recipients");

  const auto found = co_await suppression_.find(address);
  if (!found && settings->suppression_on_error == OnError::defer)
    co_return defer(Reason::suppression_unavailable, found.error().message, std::move(address));
  if (!found || !*found) co_return keep(std::move(address));
  const auto* entry = counting(*settings, **found, clock_.wall_now());
  if (entry == nullptr) co_return keep(std::move(address));

  const auto action = settings->suppression_action;
  const base::Labels labels{{"reason", std::string(reason_label(entry->reason))},
                            {"action", std::string(to_string(action))}};
  metrics_
      .counter("postern_recipients_suppressed_total", "Recipients that the suppression list stopped.", labels)
      .add();
  co_return suppressed(action, *entry, std::move(address));
}

}  // namespace postern::policy
