#include "feedback/passes.hpp"

#include <algorithm>

#include "feedback/doubt.hpp"
#include "feedback/reasons.hpp"

namespace postern::feedback {

using base::Errc;
using suppression::Pass;
using suppression::PassKind;

namespace {

// How long SES takes a token back is not told; a pass that was cut longer ago begins anew.
constexpr auto token_life = std::chrono::hours(1);
// StartDate may or may not include its moment, and entries may show up late.
constexpr auto overlap = std::chrono::minutes(10);
constexpr int most_beginnings = 4;  // of one pass, when SES refuses its token
constexpr std::uint64_t most_empty = 10;

base::Error went_round() {
  return base::fail(Errc::protocol, "SES gave a token that it gave before: its pages go round in a circle");
}

base::Error too_empty() {
  return base::fail(Errc::protocol, "SES gave page after page without addresses");
}

std::vector<suppression::Listed> to_listed(std::vector<aws::SuppressedAddress> addresses) {
  std::vector<suppression::Listed> listed;
  listed.reserve(addresses.size());
  for (auto& one : addresses) listed.push_back({std::move(one.address), std::move(one.reason), one.updated});
  return listed;
}

}  // namespace

base::Task<base::Result<aws::SuppressedPage>> Passes::fetch(SettingsPtr settings, std::string token,
                                                            std::optional<base::WallTime> from) {
  aws::SuppressedQuery query;
  query.reasons = asked_reasons(*settings);
  query.start_date = from;
  query.next_token = std::move(token);
  std::function<base::Task<base::Result<aws::SuppressedPage>>()> request = [&ses = context_.deps.ses, query] {
    return ses.list_suppressed(query);
  };
  auto page = co_await ask(context_, std::move(request), attempts_of_pass);
  co_return page;
}

base::Task<base::Result<suppression::PageResult>> Passes::take(PassKind kind, aws::SuppressedPage page) {
  suppression::Page taken;
  taken.entries = to_listed(std::move(page.addresses));
  taken.next_token = std::move(page.next_token);
  taken.when = context_.now();
  auto result = co_await context_.deps.list.add_page(kind, std::move(taken));
  if (result.has_value()) tell_skipped(*result);
  co_return result;
}

// Goes on where a restart or an error cut the last one, if that was not long ago and of the same list.
base::Task<base::Result<Pass>> Passes::open_full(SettingsPtr settings, bool may_go_on) {
  const std::string scope = scope_of(*settings);
  auto state = co_await context_.deps.list.sync_state();
  if (state.has_error()) co_return state.error();
  const auto& cut = state->full;
  const bool recent = cut && cut->touched <= context_.now() && context_.now() - cut->touched <= token_life;
  if (may_go_on && recent && cut->scope == scope && cut->pages > 0) {
    context_.deps.log.info("suppression_sync",
                           {{"status", "resumed"}, {"kind", "full"}, {"pages", cut->pages}});
    co_return *cut;
  }
  Pass fresh;
  fresh.scope = scope;
  fresh.started = context_.ses_now();
  auto begun = co_await context_.deps.list.begin(PassKind::full, scope, fresh.started);
  if (begun.has_error()) co_return begun.error();
  co_return fresh;
}

base::Task<PassEnd> Passes::full(std::uint64_t id, const bool& force) {
  began_ = told_ = context_.deps.clock.steady_now();
  skipped_told_ = false;
  auto& running = context_.status.full.emplace();
  running.id = id;
  running.since = context_.now();
  running.expected = context_.status.entries;
  auto end = co_await full_steps(context_.deps.settings(), force);
  context_.status.full.reset();
  context_.status.last_finished = {id, end.ending == Ending::good, end.message};
  co_return end;
}

base::Task<PassEnd> Passes::full_steps(SettingsPtr settings, const bool& force) {
  for (int beginnings = 1;; ++beginnings) {
    auto pass = co_await open_full(settings, beginnings == 1);
    if (pass.has_error()) co_return failure(pass.error(), "full");
    show(*pass);
    entries_at_begin_ = pass->entries;
    auto walked = co_await walk_full(settings, std::move(*pass));
    if (walked.has_error()) co_return failure(walked.error(), "full");
    if (*walked) {
      auto end = co_await conclude(std::move(**walked), force);
      co_return end;
    }
    if (beginnings == most_beginnings) {
      const auto error =
          base::fail(Errc::invalid, "SES refuses its own tokens: the pass does not get to an end");
      co_return failure(error, "full");
    }
    settings = context_.deps.settings();
  }
}

base::Task<Passes::Walk> Passes::walk_full(SettingsPtr settings, Pass pass) {
  TokenWatch tokens;
  std::uint64_t empty = 0;
  while (pass.pages == 0 || !pass.next_token.empty()) {
    co_await changes_if_due();
    if (scope_of(*context_.deps.settings()) != pass.scope) co_return std::optional<Pass>();
    auto page = co_await fetch(settings, pass.next_token, std::nullopt);
    if (page.has_error()) {
      const bool token_refused = page.error().code == Errc::invalid && !pass.next_token.empty();
      if (token_refused) co_return std::optional<Pass>();
      co_return page.error();
    }
    if (tokens.repeats(pass.next_token, page->next_token)) {
      // To go on from such a token would find the same again.
      co_await context_.deps.list.abandon(PassKind::full, std::nullopt);
      co_return went_round();
    }
    empty = page->addresses.empty() ? empty + 1 : 0;
    if (empty > most_empty) {
      co_await context_.deps.list.abandon(PassKind::full, std::nullopt);
      co_return too_empty();
    }
    auto taken = co_await take(PassKind::full, std::move(*page));
    if (taken.has_error()) co_return taken.error();
    pass = std::move(taken->pass);
    show(pass);
    tell_progress(pass);
  }
  co_return std::optional<Pass>(std::move(pass));
}

base::Task<PassEnd> Passes::conclude(Pass pass, const bool& force) {
  auto state = co_await context_.deps.list.sync_state();
  if (state.has_error()) co_return failure(state.error(), "full");
  const auto doubt = doubt_of(*state, pass);
  if (!doubt || force) {
    auto end = co_await accept(std::move(pass));
    co_return end;
  }
  suppression::Doubt kept{*doubt, pass.scope, pass.entries};
  auto abandoned = co_await context_.deps.list.abandon(PassKind::full, std::move(kept));
  if (abandoned.has_error()) co_return failure(abandoned.error(), "full");
  const std::string message =
      *doubt + "; the list is kept as it was. If it is right: postern suppression sync --force";
  context_.status.doubt = *doubt;
  context_.status.last_error = message;
  context_.figures.doubtful.add();
  context_.deps.log.warn("suppression_sync", {{"status", "doubtful"}, {"kind", "full"}, {"reason", message}});
  co_return PassEnd{Ending::doubtful, message, Errc::protocol};
}

base::Task<PassEnd> Passes::accept(Pass pass) {
  auto finished = co_await context_.deps.list.finish(PassKind::full, context_.now());
  if (finished.has_error()) co_return failure(finished.error(), "full");
  auto& status = context_.status;
  status.last_full = context_.now();
  const auto state = co_await context_.deps.list.sync_state();
  status.entries = state.has_value() ? state->entries : pass.entries;
  status.doubt.clear();
  // What changed since it began is not on it, unless asked for meanwhile.
  const auto interval = jittered(context_.deps.settings()->interval, context_.deps.random);
  changes_due_ = std::max(changes_due_, began_ + interval);
  context_.figures.skipped(pass.skipped);
  good("full", pass);
  co_return PassEnd{Ending::good,
                    std::to_string(pass.entries) + (pass.entries == 1 ? " address" : " addresses"), Errc::io};
}

// Also while a full pass of a long list takes hours: what bounces meanwhile is not to wait for its end.
base::Task<void> Passes::changes_if_due() {
  const auto settings = context_.deps.settings();
  if (!settings->enabled || context_.deps.clock.steady_now() < changes_due_) co_return;
  auto state = co_await context_.deps.list.sync_state();
  if (state.has_error() || !state->changes_from || state->scope != scope_of(*settings)) co_return;
  co_await changes();
}

base::Task<PassEnd> Passes::changes() {
  const auto settings = context_.deps.settings();
  const auto wait = jittered(settings->interval, context_.deps.random);
  changes_due_ = context_.deps.clock.steady_now() + wait;
  for (int beginnings = 0; beginnings < most_beginnings; ++beginnings) {
    auto state = co_await context_.deps.list.sync_state();
    if (state.has_error()) co_return failure(state.error(), "changes");
    if (!state->changes_from) co_return failure(base::fail(Errc::not_found, "no list yet"), "changes");
    auto walked = co_await walk_changes(settings, *state->changes_from - overlap);
    if (walked.has_error()) {
      co_await context_.deps.list.abandon(PassKind::changes, std::nullopt);
      co_return failure(walked.error(), "changes");
    }
    if (!*walked) continue;
    auto finished = co_await context_.deps.list.finish(PassKind::changes, context_.now());
    if (finished.has_error()) co_return failure(finished.error(), "changes");
    good("changes", **walked);
    co_return PassEnd{Ending::good, "", Errc::io};
  }
  co_return failure(base::fail(Errc::invalid, "SES refuses its own tokens"), "changes");
}

base::Task<Passes::Walk> Passes::walk_changes(SettingsPtr settings, base::WallTime from) {
  Pass pass;
  pass.scope = scope_of(*settings);
  auto begun = co_await context_.deps.list.begin(PassKind::changes, pass.scope, context_.ses_now());
  if (begun.has_error()) co_return begun.error();
  TokenWatch tokens;
  do {
    // What another region or another kind of reasons lists has no place in this list.
    if (scope_of(*context_.deps.settings()) != pass.scope)
      co_return base::fail(Errc::unavailable, "the settings changed in the middle of the pass");
    auto page = co_await fetch(settings, pass.next_token, from);
    if (page.has_error()) {
      const bool token_refused = page.error().code == Errc::invalid && !pass.next_token.empty();
      if (token_refused) co_return std::optional<Pass>();
      co_return page.error();
    }
    if (tokens.repeats(pass.next_token, page->next_token)) co_return went_round();
    auto taken = co_await take(PassKind::changes, std::move(*page));
    if (taken.has_error()) co_return taken.error();
    pass = std::move(taken->pass);
    if (pass.empty > most_empty) co_return too_empty();
  } while (!pass.next_token.empty());
  co_return std::optional<Pass>(std::move(pass));
}

}  // namespace postern::feedback
