#include "feedback/context.hpp"

#include <chrono>

namespace postern::feedback {

namespace {

constexpr base::Duration told_skew = std::chrono::minutes(1);

}  // namespace

void Context::note(const std::string& error) {
  (error.empty() ? figures.requests : figures.failed_requests).add();
  if (!error.empty()) status.last_error = error;
  const auto skew = deps.ses.clock_skew();
  status.clock_skew = skew;
  const bool wrong = std::chrono::abs(skew) > told_skew;
  if (wrong && !skew_told_)
    deps.log.warn("suppression_sync",
                  {{"status", "clock"},
                   {"seconds", std::chrono::duration_cast<std::chrono::seconds>(skew).count()},
                   {"reason", "this machine's clock differs from that of SES by so much; set it right"}});
  skew_told_ = wrong;
}

void Context::note_retry(const base::Error& error, base::Duration wait) {
  deps.log.info("suppression_sync",
                {{"status", "waiting"}, {"wait_ms", wait.count()}, {"reason", error.message}});
}

}  // namespace postern::feedback
