#include "postern/policy/alignment.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "alignment_cache.hpp"
#include "alignment_job.hpp"
#include "dmarc_names.hpp"

namespace postern::policy {

namespace {

constexpr std::size_t max_under_way = 500;

AlignmentQuestion normal(const AlignmentQuestion& question) {
  return {normal_domain(question.sender_domain), normal_domain(question.from_domain),
          normal_domain(question.signing_domain)};
}

}  // namespace

struct Alignment::Impl : std::enable_shared_from_this<Alignment::Impl> {
  using Job = std::shared_ptr<AlignmentJob>;
  using Settings = std::shared_ptr<const AlignmentSettings>;

  Impl(AlignmentWorld the_world, std::size_t max_cached) : world(std::move(the_world)), cache(max_cached) {}

  // The one under way for this question, or a new one; null: too many are.
  Job job_for(const Settings& settings, const AlignmentQuestion& question) {
    const auto found = joinable.find(question);
    if (found != joinable.end() && *found->second->settings() == *settings) return found->second;
    if (running.size() >= max_under_way) return nullptr;
    auto job = std::make_shared<AlignmentJob>(world, settings, question);
    running.insert(job);
    joinable[question] = job;
    job->start([self = weak_from_this(), raw = job.get()] {
      if (const auto impl = self.lock()) impl->finished(raw->shared_from_this());
    });
    return job;
  }

  void finished(const Job& job) {
    running.erase(job);
    const auto found = joinable.find(job->question());
    if (found == joinable.end() || found->second != job) return;  // the settings changed meanwhile
    joinable.erase(found);
    cache.put(job->settings(), job->question(), job->outcome());
  }

  AlignmentWorld world;
  AlignmentCache cache;
  std::unordered_map<AlignmentQuestion, Job, QuestionHash> joinable;
  std::unordered_set<Job> running;  // also those that nobody may join any more
  bool stopped = false;
};

Alignment::Alignment(net::Resolver& resolver, std::shared_ptr<const PublicSuffixes> suffixes,
                     base::Clock& clock, base::Executor executor, std::size_t max_cached)
    : impl_(std::make_shared<Impl>(AlignmentWorld{resolver, std::move(suffixes), clock, std::move(executor)},
                                   max_cached)) {}

Alignment::~Alignment() {
  stop();
}

AssessmentPtr Alignment::known(const AlignmentSettings& settings, const AlignmentQuestion& question) const {
  return impl_->cache.find(settings, normal(question), impl_->world.clock.steady_now());
}

void Alignment::prepare(const std::shared_ptr<const AlignmentSettings>& settings,
                        const AlignmentQuestion& question) {
  const auto asked = normal(question);
  if (impl_->stopped || impl_->cache.find(*settings, asked, impl_->world.clock.steady_now())) return;
  impl_->job_for(settings, asked);
}

base::Task<AssessmentPtr> Alignment::assess(std::shared_ptr<const AlignmentSettings> settings,
                                            AlignmentQuestion question) {
  const auto impl = impl_;
  const auto asked = normal(question);
  if (auto found = impl->cache.find(*settings, asked, impl->world.clock.steady_now())) co_return found;
  if (impl->stopped) co_return unknown_assessment(*settings, asked, "postern is stopping");
  const auto job = impl->job_for(settings, asked);
  if (!job) {
    const auto why = fmt::format("{} domains are being looked up already", max_under_way);
    co_return unknown_assessment(*settings, asked, why);
  }
  const auto until = job->started() + settings->budget;
  auto outcome = co_await AlignmentJob::wait(job, until);
  if (outcome) co_return outcome;
  co_return job->so_far(fmt::format("the DNS took more than {} ms", settings->budget.count()));
}

void Alignment::settings_changed() {
  impl_->cache.clear();
  impl_->joinable.clear();
}

void Alignment::stop() {
  impl_->stopped = true;
  impl_->joinable.clear();
  const auto jobs = std::exchange(impl_->running, {});
  for (const auto& job : jobs) job->stop();
}

}  // namespace postern::policy
