#include "postern/policy/message_gate.hpp"

#include <fmt/format.h>

#include "postern/mail/address.hpp"

namespace postern::policy {

namespace {

using Kind = Verdict::Kind;
using Reason = Verdict::Reason;

// Look-ups for messages whose answer is already given. Beyond it the results of some are not told; the DNS is
// down then, which the metric of temperror says.
constexpr std::size_t most_waiting = 1000;
constexpr auto warn_again = std::chrono::hours(1);
constexpr std::size_t most_warned = 10'000;

bool looks(const Settings& settings) {
  if (!settings.alignment) return false;
  return settings.alignment->spf != AlignmentAction::off || settings.alignment->dmarc != AlignmentAction::off;
}

std::string_view leg(DmarcResult result) {
  switch (result) {
    case DmarcResult::pass_dkim:
      return "dkim";
    case DmarcResult::pass_spf:
      return "spf";
    case DmarcResult::pass_both:
      return "dkim and spf";
    case DmarcResult::fail:
    case DmarcResult::none:
    case DmarcResult::permerror:
    case DmarcResult::temperror:
      return "";
  }
  return "";
}

Verdict refuse(Kind kind, Reason reason, std::string detail) {
  return {kind, reason, {}, std::move(detail)};
}

// What to publish, of the advice that is about the refusal.
std::string with_record(std::string detail, const Assessment& found, std::string_view domain) {
  for (const auto& advice : found.advice) {
    if (advice.record.empty() || !mail::equals_ignoring_case(advice.domain, domain)) continue;
    return detail + "; publish " + advice.record;
  }
  return detail;
}

Verdict spf_verdict(const Assessment& found, const MessageFacts& facts) {
  const auto domain = mail::domain_of(facts.sender);
  const auto detail = fmt::format("SPF of {}: {}: {}", domain, to_string(found.spf), found.spf_detail);
  if (found.spf == SpfResult::fail)
    return refuse(Kind::reject, Reason::spf_fail, with_record(detail, found, domain));
  if (found.spf == SpfResult::permerror) return refuse(Kind::reject, Reason::spf_permerror, detail);
  if (found.spf == SpfResult::temperror) return refuse(Kind::defer, Reason::alignment_unknown, detail);
  return {};
}

Verdict dmarc_verdict(const Assessment& found, const MessageFacts& facts) {
  const auto detail = fmt::format("DMARC of {}: {}", mail::domain_of(facts.from), found.dmarc_detail);
  if (found.dmarc == DmarcResult::fail) return refuse(Kind::reject, Reason::dmarc_fail, detail);
  if (found.dmarc == DmarcResult::temperror) return refuse(Kind::defer, Reason::alignment_unknown, detail);
  return {};
}

Verdict verdict_of(const AlignmentSettings& settings, const Assessment& found, const MessageFacts& facts) {
  if (settings.spf == AlignmentAction::enforce) {
    auto verdict = spf_verdict(found, facts);
    if (verdict.kind != Kind::keep) return verdict;
  }
  if (settings.dmarc == AlignmentAction::enforce) return dmarc_verdict(found, facts);
  return {};
}

bool enforces(const AlignmentSettings& settings) {
  return settings.spf == AlignmentAction::enforce || settings.dmarc == AlignmentAction::enforce;
}

std::string detail_of(const Assessment& found) {
  if (!leg(found.dmarc).empty()) return std::string(leg(found.dmarc));
  return found.dmarc_detail.empty() ? found.spf_detail : found.dmarc_detail;
}

}  // namespace

MessageGate::MessageGate(Alignment& alignment, base::Executor executor, base::Clock& clock, base::Log& log,
                         base::Metrics& metrics, Book book)
    : alignment_(alignment),
      clock_(clock),
      log_(log),
      book_(std::move(book)),
      tasks_(std::move(executor), clock, log) {
  for (const auto result : {SpfResult::none, SpfResult::neutral, SpfResult::pass, SpfResult::fail,
                            SpfResult::softfail, SpfResult::temperror, SpfResult::permerror})
    spf_results_[to_string(result)] = &metrics.counter(
        "postern_spf_results_total", "SPF of the envelope sender's domain for what SES sends.",
        {{"result", std::string(to_string(result))}});
  for (const auto result : {DmarcResult::pass_dkim, DmarcResult::fail, DmarcResult::none,
                            DmarcResult::permerror, DmarcResult::temperror})
    dmarc_results_[to_string(result)] = &metrics.counter(
        "postern_dmarc_results_total", "What receivers' DMARC will say of accepted messages.",
        {{"result", std::string(to_string(result))}});
}

AlignmentQuestion MessageGate::question(const Settings& settings, std::string_view sender,
                                        std::string_view from) const {
  AlignmentQuestion out;
  out.sender_domain = mail::to_lower(mail::domain_of(sender));
  out.from_domain = mail::to_lower(mail::domain_of(from));
  const auto* key = settings.signer ? settings.signer->key_for(out.from_domain) : nullptr;
  if (key != nullptr) out.signing_domain = mail::to_lower(key->domain);
  return out;
}

void MessageGate::expect(std::shared_ptr<const Settings> settings, std::string_view sender) {
  if (!looks(*settings) || tasks_.size() >= most_waiting) return;
  auto asked = question(*settings, sender, sender);
  if (alignment_.known(*settings->alignment, asked)) return;
  std::string name = "alignment of " + asked.sender_domain;
  tasks_.spawn(std::move(name), look(settings->alignment, std::move(asked)));
}

base::Task<void> MessageGate::look(std::shared_ptr<const AlignmentSettings> settings,
                                   AlignmentQuestion question) {
  co_await alignment_.assess(std::move(settings), std::move(question));
}

base::Task<MessageVerdict> MessageGate::check(std::shared_ptr<const Settings> settings, MessageFacts facts) {
  MessageVerdict out;
  if (!looks(*settings)) co_return out;
  auto asked = question(*settings, facts.sender, facts.from);
  auto found = alignment_.known(*settings->alignment, asked);
  if (!found && !enforces(*settings->alignment)) {
    std::string name = "alignment of " + facts.id;
    if (tasks_.size() < most_waiting)
      tasks_.spawn(std::move(name), report_later(std::move(settings), std::move(facts)));
    co_return out;
  }
  if (!found) found = co_await alignment_.assess(settings->alignment, std::move(asked));
  report(*settings, facts, *found, false);
  out.verdict = verdict_of(*settings->alignment, *found, facts);
  out.found = std::move(found);
  co_return out;
}

base::Task<void> MessageGate::report_later(std::shared_ptr<const Settings> settings, MessageFacts facts) {
  auto asked = question(*settings, facts.sender, facts.from);
  const auto found = co_await alignment_.assess(settings->alignment, std::move(asked));
  if (stopped_) co_return;  // not found out, but given up
  report(*settings, facts, *found, true);
}

// What is known when the message is queued stands in that line of the log; what comes late gets its own.
void MessageGate::report(const Settings& settings, const MessageFacts& facts, const Assessment& found,
                         bool late) {
  count(settings, found);
  warn(found);
  book_({facts.id, std::string(to_string(found.spf)), std::string(to_string(found.dmarc)), detail_of(found)});
  if (!late) return;
  log_.info("alignment", {{"id", facts.id},
                          {"from", facts.sender},
                          {"spf", to_string(found.spf)},
                          {"dmarc", to_string(found.dmarc)},
                          {"reason", detail_of(found)}});
}

void MessageGate::count(const Settings& settings, const Assessment& found) {
  if (settings.alignment->spf != AlignmentAction::off) spf_results_.at(to_string(found.spf))->add();
  if (settings.alignment->dmarc != AlignmentAction::off) dmarc_results_.at(to_string(found.dmarc))->add();
}

void MessageGate::warn(const Assessment& found) {
  const auto now = clock_.steady_now();
  for (const auto& advice : found.advice) {
    auto& last = warned_[{advice.domain, advice.reason}];
    if (last != base::SteadyTime{} && now < last + warn_again) continue;
    last = now;
    log_.warn("alignment", {{"domain", advice.domain},
                            {"reason", advice.reason},
                            {"text", advice.text},
                            {"publish", advice.record}});
  }
  if (warned_.size() > most_warned)
    std::erase_if(warned_, [now](const auto& entry) { return now >= entry.second + warn_again; });
  if (warned_.size() > most_warned) warned_.clear();
}

void MessageGate::stop() {
  stopped_ = true;
  tasks_.cancel();
}

std::string alignment_text(const Assessment& found) {
  auto out = fmt::format("spf={} dmarc={}", to_string(found.spf), to_string(found.dmarc));
  if (!leg(found.dmarc).empty()) out += fmt::format(" ({})", leg(found.dmarc));
  return out;
}

}  // namespace postern::policy
