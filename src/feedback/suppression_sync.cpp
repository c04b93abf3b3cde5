#include "postern/feedback/suppression_sync.hpp"

#include <algorithm>

#include "feedback/account_check.hpp"
#include "feedback/context.hpp"
#include "feedback/passes.hpp"
#include "feedback/reasons.hpp"
#include "feedback/write_through.hpp"

namespace postern::feedback {

using suppression::PassKind;

namespace {

constexpr base::Duration first_wait = std::chrono::seconds(2);
constexpr base::Duration doubtful_for = std::chrono::hours(1);
constexpr base::Duration wait_after_failure = std::chrono::minutes(10);
constexpr base::Duration between_sweeps = std::chrono::milliseconds(20);  // others use the disk too

enum class Due { nothing, changes, full };

// A wall clock that was set back makes a pass look as if it ended in the future.
bool older_than(const std::optional<base::WallTime>& when, base::Duration age, base::WallTime now) {
  return !when || *when > now || now - *when >= age;
}

}  // namespace

struct SuppressionSync::State {
  explicit State(Dependencies deps)
      : context(std::move(deps)),
        account(context),
        passes(context),
        wake(context.deps.clock.make_timer(context.deps.executor)) {
    // Above those of any daemon before: who waits for one of theirs sees that it will not come.
    context.status.last_id = static_cast<std::uint64_t>(context.now().time_since_epoch().count());
  }

  Context context;
  AccountCheck account;
  Passes passes;
  std::unique_ptr<base::Timer> wake;
  base::SteadyTime not_before{};
  std::optional<std::uint64_t> requested;
  base::SteadyTime doubtful_until{};  // till then only changes are asked for
  bool force = false;
  bool owed = false;     // a full pass: the last one failed
  bool changed = false;  // the settings, since they were last looked at

  base::Task<void> start();
  base::Task<void> wait();
  base::Task<base::Result<Due>> due(SettingsPtr settings);
  base::Task<void> pass(SettingsPtr settings);
  base::Task<PassEnd> one_pass(Due what);
  base::Task<void> sweep();
  void schedule(const PassEnd& end, const SuppressionSyncSettings& settings);
};

SuppressionSync::SuppressionSync(Dependencies deps) : state_(std::make_shared<State>(std::move(deps))) {
  auto& used = state_->context.deps;
  used.list.set_ses_time(
      [&clock = used.clock, &ses = used.ses] { return clock.wall_now() + ses.clock_skew(); });
}

SuppressionSync::~SuppressionSync() = default;

// What a restart has cut comes first: decided changes are moved over, what no look-up sees is deleted.
base::Task<void> SuppressionSync::State::start() {
  auto& list = context.deps.list;
  auto known = co_await list.sync_state();
  if (known.has_error()) {
    context.status.last_error = known.error().message;
    context.deps.log.warn("suppression_sync", {{"status", "start"}, {"reason", known.error().message}});
    co_return;
  }
  if (known->merging) {
    const auto finished = co_await list.finish(PassKind::changes, context.now());
    if (finished.has_error())
      context.deps.log.warn("suppression_sync", {{"status", "start"}, {"reason", finished.error().message}});
  }
  auto& status = context.status;
  status.last_good = known->last_good;
  status.last_full = known->last_full;
  status.entries = known->entries;
  if (known->doubt) status.doubt = known->doubt->why;
  context.figures.last_good(known->last_good);
  context.figures.entries(known->entries);
  co_await sweep();
}

base::Task<void> SuppressionSync::State::sweep() {
  for (;;) {
    auto more = co_await context.deps.list.sweep();
    if (more.has_error())
      context.deps.log.warn("suppression_sync", {{"status", "sweep"}, {"reason", more.error().message}});
    if (more.has_error() || !*more) co_return;
    co_await base::sleep_for(context.deps.clock, between_sweeps);
  }
}

base::Task<void> SuppressionSync::State::wait() {
  const bool enabled = context.deps.settings()->enabled;
  wake->expires_at(enabled ? not_before : base::SteadyTime::max());
  co_await wake->wait();
}

base::Task<base::Result<Due>> SuppressionSync::State::due(SettingsPtr settings) {
  if (requested) co_return Due::full;
  if (!settings->enabled || context.deps.clock.steady_now() < not_before) co_return Due::nothing;
  auto known = co_await context.deps.list.sync_state();
  if (known.has_error()) co_return known.error();
  const bool fresh = known->scope != scope_of(*settings) || !known->changes_from;
  const bool whole = owed || known->full ||
                     (context.deps.clock.steady_now() >= doubtful_until &&
                      (known->doubt || older_than(known->last_full, settings->full_interval, context.now())));
  co_return fresh || whole ? Due::full : Due::changes;
}

base::Task<PassEnd> SuppressionSync::State::one_pass(Due what) {
  if (what == Due::changes) {
    auto end = co_await passes.changes();
    co_return end;
  }
  const auto id = requested ? *requested : ++context.status.last_id;
  requested.reset();
  auto end = co_await passes.full(id, force);
  force = false;
  owed = end.ending == Ending::failed;
  if (end.ending == Ending::doubtful) doubtful_until = context.deps.clock.steady_now() + doubtful_for;
  co_return end;
}

void SuppressionSync::State::schedule(const PassEnd& end, const SuppressionSyncSettings& settings) {
  if (changed) return;
  const auto now = context.deps.clock.steady_now();
  if (end.ending == Ending::good) {
    not_before = std::max(now, passes.changes_due());
    return;
  }
  // Refused credentials are not granted within minutes, everything else may be over soon.
  const bool refused = end.code == base::Errc::permission;
  const auto interval = refused ? settings.interval : std::min(settings.interval, wait_after_failure);
  not_before = now + jittered(interval, context.deps.random);
}

base::Task<void> SuppressionSync::State::pass(SettingsPtr settings) {
  auto what = co_await due(settings);
  PassEnd end;
  if (what.has_error()) {
    context.status.last_error = end.message = what.error().message;
    context.figures.failed.add();
    context.deps.log.warn("suppression_sync", {{"status", "failed"}, {"reason", end.message}});
  } else {
    if (*what == Due::nothing) co_return;
    co_await account.check_if_due(settings);
    end = co_await one_pass(*what);
  }
  schedule(end, *settings);
  co_await sweep();
}

base::Task<void> SuppressionSync::run() {
  auto state = state_;
  auto& context = state->context;
  co_await state->start();
  state->not_before = context.deps.clock.steady_now() + jittered(first_wait, context.deps.random);
  for (;;) {
    const auto settings = context.deps.settings();
    state->changed = false;
    context.status.enabled = settings->enabled;
    context.figures.enabled(settings->enabled);
    co_await state->pass(settings);
    if (!state->requested && !state->changed) co_await state->wait();
  }
}

void SuppressionSync::settings_changed() {
  state_->account.make_due();
  state_->not_before = base::SteadyTime();
  state_->changed = true;
  state_->wake->cancel();
}

std::uint64_t SuppressionSync::request_full(bool force) {
  auto& state = *state_;
  state.force = state.force || force;
  if (state.context.status.full) return state.context.status.full->id;
  if (!state.requested) state.requested = ++state.context.status.last_id;
  state.wake->cancel();
  return *state.requested;
}

SuppressionSyncStatus SuppressionSync::status() const {
  return state_->context.status;
}

base::Task<base::Result<void>> SuppressionSync::put(std::string address, std::string reason) {
  auto state = state_;
  auto done = co_await put_through(state->context, std::move(address), std::move(reason));
  co_return done;
}

base::Task<base::Result<SuppressionSync::Removal>> SuppressionSync::remove(std::string address) {
  auto state = state_;
  auto done = co_await remove_through(state->context, std::move(address));
  co_return done;
}

base::Task<base::Result<void>> SuppressionSync::write_account_reasons() {
  auto state = state_;
  const auto settings = state->context.deps.settings();
  std::function<base::Task<base::Result<void>>()> request = [&ses = state->context.deps.ses, settings] {
    return ses.put_account_suppression(asked_reasons(*settings));
  };
  auto written = co_await ask(state->context, std::move(request), attempts_of_person);
  if (written.has_error()) co_return written.error();
  state->account.make_due();
  co_await state->account.check_if_due(settings);
  co_return base::Result<void>();
}

}  // namespace postern::feedback
