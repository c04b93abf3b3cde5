#include "postern/policy/message_gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"

namespace postern::policy {

namespace {

using Kind = Verdict::Kind;
using Reason = Verdict::Reason;

// Look-ups for messages whose answer is already given. Beyond it the results of some are not told; the DNS is
// down then, which the metric of temperror says.
constexpr std::size_t most_waiting = 1000;
// Domains of one From that are looked at. Who checks each has to stop somewhere.
constexpr std::size_t most_authors = 5;
constexpr std::size_t most_told = 450;  // of 512 octets that a line of a reply has, code and CRLF included
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

// With what to publish, of the advice that is about the refusal, where a line of a reply has room for it.
std::string with_record(std::string detail, const Assessment& found, std::string_view about) {
  for (const auto& advice : found.advice) {
    if (advice.record.empty() || !advice.reason.starts_with(about)) continue;
    const bool fits = detail.size() + advice.record.size() < most_told;
    return detail + (fits ? "; publish " + advice.record : "; postern doctor tells what to publish");
  }
  return detail;
}

Verdict spf_verdict(const Assessment& found, const MessageFacts& facts) {
  const auto domain = mail::domain_of(facts.sender);
  const auto detail = fmt::format("SPF of {}: {}: {}", domain, to_string(found.spf), found.spf_detail);
  if (found.spf == SpfResult::fail)
    return refuse(Kind::reject, Reason::spf_fail, with_record(detail, found, "spf_"));
  if (found.spf == SpfResult::permerror)
    return refuse(Kind::reject, Reason::spf_permerror, with_record(detail, found, "spf_"));
  if (found.spf == SpfResult::temperror) return refuse(Kind::defer, Reason::alignment_unknown, detail);
  return {};
}

Verdict dmarc_verdict(const Assessment& found) {
  const auto detail = fmt::format("DMARC of {}: {}", found.author_domain, found.dmarc_detail);
  if (found.dmarc == DmarcResult::fail)
    return refuse(Kind::reject, Reason::dmarc_fail, with_record(detail, found, "dmarc_fail"));
  if (found.dmarc == DmarcResult::temperror) return refuse(Kind::defer, Reason::alignment_unknown, detail);
  return {};
}

Verdict verdict_of(const AlignmentSettings& settings, const Assessment& found, const MessageFacts& facts) {
  if (settings.spf == AlignmentAction::enforce) {
    auto verdict = spf_verdict(found, facts);
    if (verdict.kind != Kind::keep) return verdict;
  }
  if (settings.dmarc != AlignmentAction::enforce) return {};
  // Receivers make of such a From what they like, some of them a domain that refuses this mail.
  if (facts.from.empty())
    return refuse(Kind::reject, Reason::dmarc_fail, "From names no domain that could be read");
  return dmarc_verdict(found);
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

// One for each domain of From. RFC 9989 leaves several alone, receivers of RFC 7489 (6.6.1) that don't
// refuse them check each: the worst counts.
MessageGate::Questions MessageGate::questions(const Settings& settings, std::string_view sender,
                                              const std::vector<std::string>& from) const {
  AlignmentQuestion asked;
  asked.sender_domain = base::to_lower(mail::domain_of(sender));
  const auto* key = settings.signer ? dkim::key_for_author(*settings.signer, from) : nullptr;
  if (key != nullptr) asked.signing_domain = base::to_lower(key->domain);
  Questions out;
  for (const auto& address : from) {
    asked.from_domain = base::to_lower(mail::domain_of(address));
    if (out.size() < most_authors && std::ranges::find(out, asked) == out.end()) out.push_back(asked);
  }
  if (out.empty()) out.push_back(std::move(asked));
  return out;
}

// Null: not all is known.
AssessmentPtr MessageGate::known(const AlignmentSettings& settings, const Questions& asked) const {
  AssessmentPtr worst;
  for (const auto& question : asked) {
    auto found = alignment_.known(settings, question);
    if (!found) return nullptr;
    worst = worst ? worse(worst, found) : std::move(found);
  }
  return worst;
}

// Side by side, so that all have the budget of one.
base::Task<AssessmentPtr> MessageGate::assess(std::shared_ptr<const AlignmentSettings> settings,
                                              Questions asked) {
  for (const auto& question : asked) alignment_.prepare(settings, question);
  AssessmentPtr worst;
  for (auto& question : asked) {
    auto found = co_await alignment_.assess(settings, std::move(question));
    worst = worst ? worse(worst, found) : std::move(found);
  }
  co_return worst;
}

void MessageGate::expect(std::shared_ptr<const Settings> settings, std::string_view sender) {
  if (!looks(*settings)) return;
  const auto asked = questions(*settings, sender, {std::string(sender)});
  alignment_.prepare(settings->alignment, asked.front());
}

base::Task<MessageVerdict> MessageGate::check(std::shared_ptr<const Settings> settings, MessageFacts facts) {
  MessageVerdict out;
  if (!looks(*settings)) co_return out;
  auto asked = questions(*settings, facts.sender, facts.from);
  auto found = known(*settings->alignment, asked);
  if (!found && !enforces(*settings->alignment)) {
    std::string name = "alignment of " + facts.id;
    if (tasks_.size() < most_waiting)
      tasks_.spawn(std::move(name), report_later(std::move(settings), std::move(facts)));
    co_return out;
  }
  if (!found) found = co_await assess(settings->alignment, std::move(asked));
  report(*settings, facts, *found, false);
  out.verdict = verdict_of(*settings->alignment, *found, facts);
  out.found = std::move(found);
  co_return out;
}

base::Task<void> MessageGate::report_later(std::shared_ptr<const Settings> settings, MessageFacts facts) {
  auto asked = questions(*settings, facts.sender, facts.from);
  const auto found = co_await assess(settings->alignment, std::move(asked));
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
