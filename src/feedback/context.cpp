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

template <class T>
base::Task<base::Result<T>> ask(Context& context, std::function<base::Task<base::Result<T>>()> request,
                                int attempts) {
  for (int attempt = 0;; ++attempt) {
    co_await context.pacer.turn();
    auto answer = co_await request();
    context.note(answer.has_error() ? answer.error().message : std::string());
    if (answer.has_value() || attempt + 1 >= attempts || !worth_repeating(answer.error().code))
      co_return std::move(answer);
    const auto wait = backoff(attempt, context.deps.random);
    context.note_retry(answer.error(), wait);
    co_await base::sleep_for(context.deps.clock, wait);
  }
}

template base::Task<base::Result<void>> ask(Context&, std::function<base::Task<base::Result<void>>()>, int);
template base::Task<base::Result<aws::SuppressedPage>> ask(
    Context&, std::function<base::Task<base::Result<aws::SuppressedPage>>()>, int);
template base::Task<base::Result<aws::Account>> ask(Context&,
                                                    std::function<base::Task<base::Result<aws::Account>>()>,
                                                    int);
template base::Task<base::Result<std::optional<std::vector<std::string>>>> ask(
    Context&, std::function<base::Task<base::Result<std::optional<std::vector<std::string>>>>()>, int);

}  // namespace postern::feedback
