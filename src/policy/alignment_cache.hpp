// Assessments by their question, the ones used longest ago given up first. An entry counts for settings equal
// to those that it was made with: a session may still hold older ones. Loop thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "postern/base/clock.hpp"
#include "postern/policy/alignment.hpp"

namespace postern::policy {

struct QuestionHash {
  std::size_t operator()(const AlignmentQuestion& question) const;
};

class AlignmentCache {
 public:
  explicit AlignmentCache(std::size_t max_entries) : max_entries_(max_entries) {}
  AssessmentPtr find(const AlignmentSettings& settings, const AlignmentQuestion& question,
                     base::SteadyTime now);
  void put(std::shared_ptr<const AlignmentSettings> settings, const AlignmentQuestion& question,
           AssessmentPtr assessment);
  void clear();
  std::size_t size() const { return entries_.size(); }

 private:
  using Order = std::list<const AlignmentQuestion*>;
  struct Entry {
    std::shared_ptr<const AlignmentSettings> settings;
    AssessmentPtr assessment;
    Order::iterator at;
  };
  std::size_t max_entries_;
  std::unordered_map<AlignmentQuestion, Entry, QuestionHash> entries_;
  Order order_;  // used last: front
};

}  // namespace postern::policy
