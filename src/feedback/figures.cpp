#include "feedback/figures.hpp"

#include <algorithm>
#include <limits>

namespace postern::feedback {

namespace {

constexpr const char* passes = "postern_suppression_sync_total";
constexpr const char* passes_help =
    "Passes over the SES suppression list. A failed or doubtful one changes nothing.";
constexpr const char* requests_name = "postern_suppression_sync_requests_total";
constexpr const char* requests_help = "Requests to the SES API.";

}  // namespace

Figures::Figures(base::Metrics& metrics, base::Clock& clock)
    : good(metrics.counter(passes, passes_help, {{"result", "good"}})),
      failed(metrics.counter(passes, passes_help, {{"result", "failed"}})),
      doubtful(metrics.counter(passes, passes_help, {{"result", "doubtful"}})),
      requests(metrics.counter(requests_name, requests_help, {{"result", "good"}})),
      failed_requests(metrics.counter(requests_name, requests_help, {{"result", "failed"}})),
      entries_(metrics.gauge("postern_suppression_sync_entries", "Addresses on the copy of the SES list.")),
      skipped_(metrics.gauge("postern_suppression_sync_skipped_entries",
                             "Entries of the last full pass that no recipient of a mail can match.")) {
  metrics.gauge_function("postern_suppression_sync_age_seconds",
                         "Time since the last good pass over the SES suppression list. NaN: sync is off; "
                         "+Inf: there was none yet.",
                         {}, [shown = shown_, &clock] { return age(*shown, clock); });
}

void Figures::last_good(std::optional<base::WallTime> when) {
  shown_->last_good = when ? std::int64_t{when->time_since_epoch().count()} : -1;
}

// An alarm on "older than" is silent where sync is off, and sounds where it never worked.
double Figures::age(const Shown& shown, base::Clock& clock) {
  if (!shown.enabled) return std::numeric_limits<double>::quiet_NaN();
  const std::int64_t last = shown.last_good;
  if (last < 0) return std::numeric_limits<double>::infinity();
  const auto age = clock.wall_now() - base::WallTime(std::chrono::milliseconds(last));
  return std::max(0.0, std::chrono::duration<double>(age).count());
}

}  // namespace postern::feedback
