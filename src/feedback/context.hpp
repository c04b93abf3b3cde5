// What the parts of the sync have in common, and how they ask SES: in turn, and again when that is worth it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "feedback/backoff.hpp"
#include "feedback/figures.hpp"
#include "feedback/pacer.hpp"
#include "postern/feedback/suppression_sync.hpp"

namespace postern::feedback {

using SettingsPtr = std::shared_ptr<const SuppressionSyncSettings>;

struct Context {
  explicit Context(SuppressionSync::Dependencies d)
      : deps(std::move(d)), pacer(deps.clock), figures(deps.metrics, deps.clock) {}

  SuppressionSync::Dependencies deps;
  Pacer pacer;
  Figures figures;
  SuppressionSyncStatus status;

  base::WallTime now() const { return deps.clock.wall_now(); }
  base::WallTime ses_now() const { return deps.clock.wall_now() + deps.ses.clock_skew(); }

  // After a request: counts it, tells of a clock that is wrong, remembers an error.
  void note(const std::string& error);  // empty: it was answered
  void note_retry(const base::Error& error, base::Duration wait);

 private:
  bool skew_told_ = false;
};

// A page is worth the wait of a throttled minute, a person at a terminal is not.
inline constexpr int attempts_of_pass = 8;
inline constexpr int attempts_of_person = 3;

// One request, in its turn, repeated as often as is worth while. Defined in context.cpp for the answers that
// SES gives: a coroutine that is made in two places is two types to the link-time optimiser.
template <class T>
base::Task<base::Result<T>> ask(Context& context, std::function<base::Task<base::Result<T>>()> request,
                                int attempts);

}  // namespace postern::feedback
