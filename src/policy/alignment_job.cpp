#include "alignment_job.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "alignment_authorised.hpp"
#include "alignment_verdict.hpp"
#include "dmarc_names.hpp"
#include "mail_from.hpp"
#include "postern/base/spawn.hpp"

namespace postern::policy {

namespace asio = boost::asio;

namespace {

// Look-ups that hang end by themselves (each has the resolver's timeout); this ends a chain of them.
constexpr base::Duration patience = std::chrono::seconds(30);
constexpr base::Duration least_kept = std::chrono::seconds(1);
constexpr base::Duration error_kept = std::chrono::seconds(5);
constexpr base::Duration most_kept = std::chrono::hours(1);

// Keeps a waiter's timer on the list for as long as its coroutine lives.
class Waiter {
 public:
  Waiter(std::list<base::Timer*>& list, base::Timer* timer)
      : list_(list), at_(list.insert(list.end(), timer)) {}
  ~Waiter() { list_.erase(at_); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

 private:
  std::list<base::Timer*>& list_;
  std::list<base::Timer*>::iterator at_;
};

}  // namespace

AlignmentJob::AlignmentJob(AlignmentWorld world, std::shared_ptr<const AlignmentSettings> settings,
                           AlignmentQuestion question)
    : world_(std::move(world)),
      settings_(std::move(settings)),
      question_(std::move(question)),
      started_(world_.clock.steady_now()),
      lookups_(world_.resolver, world_.clock, started_ + patience) {
  expect_nothing();
}

// What is to be found out counts as not known until it is: so_far reads the facts at any moment.
void AlignmentJob::expect_nothing() {
  facts_.methods[0].method = DmarcMethod::tree_walk;
  facts_.methods[1].method = DmarcMethod::public_suffix_list;
  for (auto& method : facts_.methods) {
    if (!question_.from_domain.empty()) method.found.state = DmarcPolicyFound::State::temperror;
    method.mail_from = method.signing = std::nullopt;
  }
  if (!question_.sender_domain.empty()) facts_.sender.worst = SpfResult::temperror;
  facts_.mail_from.domain = ses_mail_from;
  const auto* entry = mail_from_entry(settings_->mail_from_domain, question_.from_domain);
  if (entry == nullptr) return;
  facts_.mail_from.identity = normal_domain(entry->first);
  facts_.mail_from.domain = normal_domain(entry->second);
  facts_.mail_from.spf.worst = SpfResult::temperror;
  facts_.mail_from.mx = MailFromFacts::Mx::unknown;
}

void AlignmentJob::start(std::function<void()> finished) {
  finished_ = std::move(finished);
  open_ = cancel_.size();
  spawn(0, &AlignmentJob::look_at_policy);
  spawn(1, &AlignmentJob::look_at_sender);
  spawn(2, &AlignmentJob::look_at_leg);
}

void AlignmentJob::spawn(std::size_t which, Part part) {
  auto self = shared_from_this();
  auto ended = [self](const std::exception_ptr& thrown) { self->part_ended(thrown); };
  auto slot = cancel_[which].slot();
  asio::co_spawn(world_.executor, part(std::move(self)),
                 asio::bind_cancellation_slot(slot, std::move(ended)));
}

void AlignmentJob::part_ended(const std::exception_ptr& thrown) {
  if (thrown) failure_ = base::describe(thrown);
  if (--open_ > 0 || outcome_) return;
  if (!failure_.empty()) return end(partial(failure_));
  end(assessment_of(facts_));
}

AssessmentPtr AlignmentJob::assessment_of(const AlignmentFacts& facts) const {
  auto assessment = conclude(*settings_, question_, facts);
  assessment.expires = expiry(assessment);
  return std::make_shared<const Assessment>(std::move(assessment));
}

AssessmentPtr AlignmentJob::so_far(const std::string& why) {
  const auto now = world_.clock.steady_now();
  if (so_far_ && now < so_far_until_) return so_far_;
  so_far_until_ = now + least_kept;
  so_far_ = partial(why);
  return so_far_;
}

AssessmentPtr AlignmentJob::partial(const std::string& why) const {
  auto facts = facts_;
  if (facts.sender.worst == SpfResult::temperror && facts.sender.detail.empty()) facts.sender.detail = why;
  if (facts.mail_from.spf.detail.empty()) facts.mail_from.spf.detail = why;
  for (auto& method : facts.methods) {
    if (method.found.problem.empty()) method.found.problem = why;
  }
  return assessment_of(facts);
}

// By the first answer that it rests on; without all answers only for a moment.
base::SteadyTime AlignmentJob::expiry(const Assessment& assessment) const {
  const auto now = world_.clock.steady_now();
  const bool known = !lookups_.failed() && failure_.empty() && assessment.dmarc != DmarcResult::temperror &&
                     assessment.spf != SpfResult::temperror;
  if (!known) return now + error_kept;
  return std::clamp(lookups_.expires(), now + least_kept, now + most_kept);
}

void AlignmentJob::end(AssessmentPtr outcome) {
  outcome_ = std::move(outcome);
  for (auto* timer : waiting_) timer->cancel();
  if (auto finished = std::exchange(finished_, nullptr)) finished();
}

void AlignmentJob::stop() {
  if (outcome_) return;
  finished_ = nullptr;
  lookups_.stop();
  const auto self = shared_from_this();
  end(unknown_assessment(*settings_, question_, "postern is stopping"));
  for (auto& signal : cancel_) signal.emit(asio::cancellation_type::terminal);
}

base::Task<AssessmentPtr> AlignmentJob::wait(std::shared_ptr<AlignmentJob> job, base::SteadyTime until) {
  if (job->outcome_) co_return job->outcome_;
  auto& clock = job->world_.clock;
  if (clock.steady_now() >= until) co_return nullptr;
  auto timer = clock.make_timer(job->world_.executor);
  timer->expires_at(until);
  const Waiter waiter(job->waiting_, timer.get());
  while (!job->outcome_) {
    const bool came = co_await timer->wait();
    if (came) break;
  }
  co_return job->outcome_;
}

base::Task<void> AlignmentJob::look_at_sender(std::shared_ptr<AlignmentJob> job) {
  if (job->question_.sender_domain.empty()) {
    job->facts_.sender.detail = "null sender";
    co_return;
  }
  auto& resolver = job->lookups_;
  auto authorised = co_await flatten_authorised(resolver, job->settings_->authorised);
  if (!authorised.temporary) job->facts_.authorised_problem = authorised.problem;
  const auto domain = job->question_.sender_domain;
  job->facts_.sender = co_await check_authorised(resolver, std::move(authorised), domain);
  auto& spf = job->facts_.sender;
  if (!spf.record.empty()) job->facts_.sender_records = {spf.record};
  if (spf.worst != SpfResult::permerror) co_return;
  auto survey = co_await survey_spf(resolver, domain);
  if (survey.records.size() > 1) job->facts_.sender_records = std::move(survey.records);
}

base::Task<void> AlignmentJob::look_at_leg(std::shared_ptr<AlignmentJob> job) {
  if (job->facts_.mail_from.identity.empty()) co_return;
  auto& resolver = job->lookups_;
  auto authorised = co_await flatten_authorised(resolver, job->settings_->authorised);
  auto facts = co_await look_at_mail_from(resolver, job->facts_.mail_from.domain, job->settings_->region,
                                          std::move(authorised));
  facts.identity = job->facts_.mail_from.identity;
  job->facts_.mail_from = std::move(facts);
}

base::Task<void> AlignmentJob::look_at_policy(std::shared_ptr<AlignmentJob> job) {
  if (job->question_.from_domain.empty()) co_return;
  co_await look_at_method(job, 0);
  co_await look_at_method(job, 1);
}

base::Task<void> AlignmentJob::look_at_method(std::shared_ptr<AlignmentJob> job, std::size_t which) {
  auto& facts = job->facts_.methods[which];
  const auto& question = job->question_;
  facts.found = co_await find_dmarc(job->lookups_, *job->world_.suffixes, question.from_domain, facts.method);
  const auto& record = facts.found.record;
  const auto& mail_from = job->facts_.mail_from;
  facts.signing = co_await job->organization_of(question.signing_domain, record.dkim, facts.method);
  const auto custom = mail_from.identity.empty() ? std::string() : mail_from.domain;
  facts.mail_from = co_await job->organization_of(custom, record.spf, facts.method);
}

// Not asked for where nothing depends on it. The list costs no look-up and is always asked: for the advice.
base::Task<OrganizationalDomain> AlignmentJob::organization_of(std::string domain, AlignmentMode mode,
                                                               DmarcMethod method) {
  const bool list = method == DmarcMethod::public_suffix_list;
  const bool moot = domain == question_.from_domain || (mode == AlignmentMode::strict && !list);
  if (domain.empty() || moot) co_return std::string();
  const auto found = co_await organizational_domain(lookups_, *world_.suffixes, std::move(domain), method);
  if (!found) co_return std::nullopt;
  co_return *found;
}

AssessmentPtr unknown_assessment(const AlignmentSettings& settings, const AlignmentQuestion& question,
                                 const std::string& why) {
  Assessment out;
  out.author_domain = question.from_domain;
  const auto* entry = mail_from_entry(settings.mail_from_domain, question.from_domain);
  out.mail_from_domain = entry == nullptr ? std::string(ses_mail_from) : normal_domain(entry->second);
  out.spf = SpfResult::temperror;
  out.spf_detail = why;
  out.dmarc = DmarcResult::temperror;
  out.dmarc_detail = why;
  return std::make_shared<const Assessment>(std::move(out));
}

}  // namespace postern::policy
