// What Passes tells status, log and metrics.
#include "feedback/passes.hpp"

namespace postern::feedback {

using suppression::Pass;

namespace {

constexpr std::uint64_t pages_between = 50;
constexpr auto time_between = std::chrono::seconds(30);

}  // namespace

PassEnd Passes::failure(const base::Error& error, const char* kind) {
  context_.status.last_error = error.message;
  context_.figures.failed.add();
  context_.deps.log.warn("suppression_sync", {{"status", "failed"},
                                              {"kind", kind},
                                              {"error", base::to_string(error.code)},
                                              {"reason", error.message}});
  return {Ending::failed, error.message, error.code};
}

void Passes::good(const char* kind, const Pass& pass) {
  auto& status = context_.status;
  status.last_good = context_.now();
  status.last_error.clear();
  context_.figures.last_good(status.last_good);
  context_.figures.entries(status.entries);
  context_.figures.good.add();
  // A pass of changes that brought nothing is not worth a line every few minutes.
  const bool news = pass.entries > 0 || std::string_view(kind) == "full";
  const auto level = news ? base::LogLevel::info : base::LogLevel::debug;
  context_.deps.log.write(
      level, "suppression_sync",
      {{"status", "good"}, {"kind", kind}, {"entries", pass.entries}, {"pages", pass.pages}});
}

void Passes::show(const Pass& pass) {
  if (!context_.status.full) return;
  auto& running = *context_.status.full;
  running.pages = pass.pages;
  running.entries = pass.entries;
  const std::chrono::duration<double> since = context_.deps.clock.steady_now() - began_;
  const auto gained = pass.entries - std::min(pass.entries, entries_at_begin_);
  running.entries_per_second = since.count() > 0 ? static_cast<double>(gained) / since.count() : 0;
}

void Passes::tell_progress(const Pass& pass) {
  const auto now = context_.deps.clock.steady_now();
  if (pass.next_token.empty() || (pass.pages % pages_between != 0 && now - told_ < time_between)) return;
  told_ = now;
  const auto& running = *context_.status.full;
  context_.deps.log.info("suppression_sync", {{"status", "running"},
                                              {"kind", "full"},
                                              {"pages", pass.pages},
                                              {"entries", pass.entries},
                                              {"expected", running.expected},
                                              {"per_second", running.entries_per_second}});
}

void Passes::tell_skipped(const suppression::PageResult& result) {
  if (result.skipped == 0 || skipped_told_) return;
  skipped_told_ = true;
  context_.deps.log.warn("suppression_sync",
                         {{"status", "skipped"},
                          {"to", result.first_skipped},
                          {"reason",
                           "SES lists what no recipient of a mail can be; others like it are counted "
                           "in postern_suppression_sync_skipped_entries"}});
}

}  // namespace postern::feedback
