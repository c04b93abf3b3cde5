#include "deliver.hpp"

#include <algorithm>

#include "postern/mail/address.hpp"
#include "postern/mail/from.hpp"
#include "postern/spool/body_file.hpp"
#include "reasons.hpp"

namespace postern::delivery {

namespace {

constexpr std::size_t portion = 64 * 1024;

// Reads the body for the signer, on the thread that signs.
dkim::BodySource body_source(const spool::Content& content) {
  if (content.body) {
    return [&content, given = false]() mutable -> base::Result<std::string_view> {
      return std::exchange(given, true) ? std::string_view() : std::string_view(*content.body);
    };
  }
  auto buffer = std::make_shared<std::string>(portion, '\0');
  auto file = std::make_shared<std::optional<spool::BodyReader>>();
  return [&content, buffer, file]() -> base::Result<std::string_view> {
    if (!*file) {
      auto opened = spool::BodyReader::open(content.body_file);
      if (!opened) return opened.error();
      file->emplace(std::move(*opened));
    }
    auto got = (*file)->read(buffer->data(), buffer->size());
    if (!got) return got.error();
    return std::string_view(*buffer).substr(0, *got);
  };
}

// X-SES-* go before our signature and are never signed: SES takes them out. Only the first of each counts for
// SES, so these win over any that the application wrote.
std::string control_fields(const UpstreamSettings& upstream) {
  std::string out;
  if (!upstream.configuration_set.empty())
    out += "X-SES-CONFIGURATION-SET: " + upstream.configuration_set + "\r\n";
  if (!upstream.tags.empty()) {
    out += "X-SES-MESSAGE-TAGS: ";
    for (std::size_t i = 0; i < upstream.tags.size(); ++i) {
      out += (i == 0 ? "" : ", ") + upstream.tags[i].first + "=" + upstream.tags[i].second;
    }
    out += "\r\n";
  }
  return out;
}

std::string no_key_for(const std::vector<std::string>& from) {
  if (from.empty()) return "no DKIM key: From has no address with a domain, and SES refuses such mail";
  return "no DKIM key for the From domain " + std::string(mail::domain_of(from.front()));
}

TransmissionResult refused(const std::vector<spool::Recipient>& recipients, const Outcome& outcome,
                           const std::string& why) {
  TransmissionResult result;
  result.relay = "none";
  for (const auto& recipient : recipients)
    result.recipients.push_back({recipient.number, outcome, {}, why, {}});
  return result;
}

std::vector<spool::Recipient> take(std::vector<spool::Recipient>& from, std::size_t most) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(from.size(), most));
  std::vector<spool::Recipient> out(from.begin(), from.begin() + count);
  from.erase(from.begin(), from.begin() + count);
  return out;
}

// Takes the recipients that have to be tried one by one out of both lists, unless they were tried so already.
std::vector<spool::Recipient> take_spoilt(std::vector<spool::Recipient>& recipients,
                                          TransmissionResult& result) {
  std::vector<spool::Recipient> out;
  if (recipients.size() < 2) return out;
  for (std::size_t i = recipients.size(); i-- > 0;) {
    if (result.recipients[i].outcome.scope != Scope::split) continue;
    out.push_back(std::move(recipients[i]));
    recipients.erase(recipients.begin() + static_cast<std::ptrdiff_t>(i));
    result.recipients.erase(result.recipients.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return out;
}

// delivery.unverified_sender: bounce
void bounce_unverified(TransmissionResult& result) {
  for (auto& one : result.recipients) {
    if (one.outcome.reason == reason::not_verified) one.outcome.kind = Outcome::Kind::bounce;
  }
}

Outcome not_signed(OnMissingKey action) {
  Outcome outcome;
  outcome.kind = action == OnMissingKey::reject ? Outcome::Kind::bounce : Outcome::Kind::retry;
  outcome.scope = Scope::sender;
  outcome.reason = reason::no_dkim_key;
  outcome.dsn = action == OnMissingKey::reject ? "5.7.20" : "4.7.20";  // RFC 7372: no passing DKIM signature
  return outcome;
}

}  // namespace

base::Task<void> Deliverer::deliver(spool::MessagePtr due, std::shared_ptr<const Settings> settings,
                                    RoutePtr route) {
  auto message = co_await load(due);
  if (!message) {
    // not_found: an operator deleted it. Anything else: it stays in the spool and is fetched again.
    if (message.error().code != base::Errc::not_found) {
      deps_.log.error("load", {{"id", due->id}, {"reason", message.error().message}});
    }
    co_return;
  }
  const auto& upstream = route->upstream.settings();
  auto signed_as = co_await sign(*message, settings, upstream);
  auto remaining = due->recipients;
  if (signed_as.refused) {
    const auto result = refused(remaining, *signed_as.refused, signed_as.detail);
    auto settled = co_await settler_.settle(**message, remaining, result, *settings, base::Duration(0));
    (void)settled;  // it has been logged; the message stays in the spool
    co_return;
  }
  // One address that SES can't read spoils the whole transaction (scope split): its recipients go again one
  // by one.
  std::vector<spool::Recipient> singly;
  while (!remaining.empty() || !singly.empty()) {
    const bool together = !remaining.empty();
    auto batch = together ? take(remaining, settings->recipients_per_message) : take(singly, 1);
    auto sent = co_await transmit(*message, std::move(batch), signed_as.prefix, settings, *route);
    singly.insert(singly.end(), sent.spoilt.begin(), sent.spoilt.end());
    if (!sent.go_on) break;
  }
}

base::Task<base::Result<spool::MessagePtr>> Deliverer::load(spool::MessagePtr due) {
  if (!due->content.header.empty()) co_return due;
  auto loaded = co_await deps_.spool.load(due->id);
  co_return loaded;
}

base::Task<Deliverer::Signed> Deliverer::sign(spool::MessagePtr message,
                                              std::shared_ptr<const Settings> settings,
                                              const UpstreamSettings& upstream) {
  Signed out;
  out.prefix = control_fields(upstream);
  const auto from = mail::from_addresses_of(message->content.header);
  const auto* key = settings->signer ? dkim::key_for_author(*settings->signer, from) : nullptr;
  if (key == nullptr) {
    metrics_.dkim_no_key.add();
    if (settings->on_missing_key != OnMissingKey::send) {
      out.refused = not_signed(settings->on_missing_key);
      out.detail = no_key_for(from);
    }
    co_return out;
  }
  const auto now = deps_.clock.wall_now();
  auto work = [&message, &settings, key, now] {
    const auto& content = message->content;
    return settings->signer->sign(key->domain, content.header, body_source(content), now);
  };
  auto field = co_await base::offload(deps_.crypto, std::move(work));
  if (field) {
    metrics_.dkim_signed.add();
    out.prefix += *field;
    co_return out;
  }
  metrics_.dkim_failed.add();
  out.detail = "DKIM signing failed: " + field.error().message;
  // A message that can't be signed as it is will never be: it fares like one without a key. Anything else may
  // pass.
  const bool never = field.error().code == base::Errc::invalid;
  if (never && settings->on_missing_key == OnMissingKey::send) {
    deps_.log.warn("dkim",
                   {{"id", message->id}, {"reason", field.error().message}, {"effect", "sent unsigned"}});
    co_return out;
  }
  out.refused = not_signed(never ? settings->on_missing_key : OnMissingKey::defer);
  out.refused->reason = reason::dkim_failed;
  co_return out;
}

base::Task<Deliverer::Sent> Deliverer::transmit(spool::MessagePtr message,
                                                std::vector<spool::Recipient> recipients,
                                                const std::string& prefix,
                                                std::shared_ptr<const Settings> settings, Route& route) {
  co_await route.slots.acquire();
  const SlotHolder place(route.slots);
  const auto now = deps_.clock.steady_now();
  const auto start = rate_.book(recipients.size(), now);
  if (start > now) co_await base::sleep_until(deps_.clock, start);

  Transmission transmission{message, prefix, recipients};
  TransmissionResult result = co_await route.upstream.send(std::move(transmission));
  if (!settings->hold_unverified) bounce_unverified(result);
  const base::Duration pause = learn(result, route);
  Sent sent;
  sent.spoilt = take_spoilt(recipients, result);
  auto settled = co_await settler_.settle(*message, recipients, result, *settings, pause);
  sent.go_on = !settled.has_error() && pause == base::Duration(0);
  co_return sent;
}

// What the answer says about the upstream. Gives how long what failed through no fault of its own should
// wait.
base::Duration Deliverer::learn(const TransmissionResult& result, Route& route) {
  const auto now = deps_.clock.steady_now();
  std::size_t taken = 0;
  for (const auto& one : result.recipients) {
    const auto& outcome = one.outcome;
    taken += outcome.kind == Outcome::Kind::sent ? 1 : 0;
    if (outcome.scope != Scope::account && outcome.scope != Scope::connection) continue;
    if (outcome.kind == Outcome::Kind::sent) continue;
    const base::Duration jitter(static_cast<std::int64_t>(deps_.random.next() % 1000));
    if (outcome.reason == reason::throttled) {
      rate_.throttled(now);
      return std::chrono::seconds(1) + 4 * jitter;
    }
    if (outcome.reason == reason::too_many_connections) {
      route.health.too_many_connections();
      route.slots.resize(route.health.allowed(now));
      return std::chrono::seconds(1) + jitter;
    }
    const bool first = !route.health.paused();
    const std::string why = one.reply.code != 0 ? one.reply.to_string() : one.error;
    route.health.failed(outcome.reason, why, now, deps_.clock.wall_now());
    if (first) {
      deps_.log.error(
          "upstream",
          {{"relay", result.relay}, {"status", "paused"}, {"reason", outcome.reason}, {"reply", why}});
    }
    const auto rest = std::chrono::ceil<base::Duration>(route.health.paused_until() - now);
    return std::max(rest, base::Duration(1));
  }
  if (route.health.paused()) deps_.log.info("upstream", {{"relay", result.relay}, {"status", "available"}});
  route.health.succeeded();
  route.slots.resize(route.health.allowed(now));
  rate_.accepted(taken, now);
  return base::Duration(0);
}

}  // namespace postern::delivery
