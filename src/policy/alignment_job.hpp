// One question under way: its look-ups in three tasks side by side (the sender's SPF, the MAIL FROM domain,
// DMARC), and who waits for the outcome. Owned by Alignment and by its own tasks. Loop thread.
#pragma once

#include <array>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "alignment_facts.hpp"
#include "alignment_lookups.hpp"
#include "postern/policy/alignment.hpp"

namespace postern::policy {

struct AlignmentWorld {
  net::Resolver& resolver;
  std::shared_ptr<const PublicSuffixes> suffixes;
  base::Clock& clock;
  base::Executor executor;
};

class AlignmentJob : public std::enable_shared_from_this<AlignmentJob> {
 public:
  AlignmentJob(AlignmentWorld world, std::shared_ptr<const AlignmentSettings> settings,
               AlignmentQuestion question);

  // finished is called once, maybe before start returns; not after stop.
  void start(std::function<void()> finished);
  void stop();

  // The outcome, or null when `until` comes first. Runs in the caller's coroutine.
  static base::Task<AssessmentPtr> wait(std::shared_ptr<AlignmentJob> job, base::SteadyTime until);

  const AlignmentQuestion& question() const { return question_; }
  const std::shared_ptr<const AlignmentSettings>& settings() const { return settings_; }
  base::SteadyTime started() const { return started_; }
  const AssessmentPtr& outcome() const { return outcome_; }
  // By what is known already; the rest counts as temperror, for that reason. Not kept by anybody else:
  // whoever asks within the same second gets the same, since in an outage every message does.
  AssessmentPtr so_far(const std::string& why);

 private:
  using Part = base::Task<void> (*)(std::shared_ptr<AlignmentJob>);
  static base::Task<void> look_at_sender(std::shared_ptr<AlignmentJob> job);
  static base::Task<void> look_at_leg(std::shared_ptr<AlignmentJob> job);
  static base::Task<void> look_at_policy(std::shared_ptr<AlignmentJob> job);
  static base::Task<void> look_at_method(std::shared_ptr<AlignmentJob> job, std::size_t which);
  base::Task<OrganizationalDomain> organization_of(std::string domain, AlignmentMode mode,
                                                   DmarcMethod method);

  void expect_nothing();
  void spawn(std::size_t which, Part part);
  void part_ended(const std::exception_ptr& thrown);
  void end(AssessmentPtr outcome);
  AssessmentPtr partial(const std::string& why) const;
  AssessmentPtr assessment_of(const AlignmentFacts& facts) const;
  base::SteadyTime expiry(const Assessment& assessment) const;

  AlignmentWorld world_;
  std::shared_ptr<const AlignmentSettings> settings_;
  AlignmentQuestion question_;
  base::SteadyTime started_;
  Lookups lookups_;
  AlignmentFacts facts_;
  std::array<boost::asio::cancellation_signal, 3> cancel_;
  std::size_t open_ = 0;
  std::string failure_;  // an exception that escaped
  std::function<void()> finished_;
  AssessmentPtr outcome_;
  AssessmentPtr so_far_;
  base::SteadyTime so_far_until_{};
  std::list<base::Timer*> waiting_;
};

// What is said when nothing is asked.
AssessmentPtr unknown_assessment(const AlignmentSettings& settings, const AlignmentQuestion& question,
                                 const std::string& why);

}  // namespace postern::policy
