#include "alignment_cache.hpp"

#include <functional>

namespace postern::policy {

std::size_t QuestionHash::operator()(const AlignmentQuestion& question) const {
  const std::hash<std::string> hash;
  constexpr std::size_t mix = 0x9e3779b97f4a7c15;
  return (hash(question.sender_domain) * mix + hash(question.from_domain)) * mix +
         hash(question.signing_domain);
}

AssessmentPtr AlignmentCache::find(const AlignmentSettings& settings, const AlignmentQuestion& question,
                                   base::SteadyTime now) {
  const auto found = entries_.find(question);
  if (found == entries_.end()) return nullptr;
  auto& entry = found->second;
  const bool same = entry.settings.get() == &settings || *entry.settings == settings;
  if (!same || entry.assessment->expires <= now) return nullptr;
  order_.splice(order_.begin(), order_, entry.at);
  return entry.assessment;
}

void AlignmentCache::put(std::shared_ptr<const AlignmentSettings> settings, const AlignmentQuestion& question,
                         AssessmentPtr assessment) {
  const auto [found, fresh] = entries_.try_emplace(question);
  auto& entry = found->second;
  entry.settings = std::move(settings);
  entry.assessment = std::move(assessment);
  if (fresh) {
    entry.at = order_.insert(order_.begin(), &found->first);
  } else {
    order_.splice(order_.begin(), order_, entry.at);
  }
  while (entries_.size() > max_entries_) {
    const auto* oldest = order_.back();
    order_.pop_back();
    entries_.erase(entries_.find(*oldest));
  }
}

void AlignmentCache::clear() {
  entries_.clear();
  order_.clear();
}

}  // namespace postern::policy
