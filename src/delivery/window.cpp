#include "window.hpp"

#include <algorithm>

namespace postern::delivery {

namespace {

bool is_retry(const spool::Message& message) {
  return std::ranges::any_of(message.recipients, [](const auto& r) { return r.attempts > 0; });
}

}  // namespace

Window::Stream& Window::stream_of(const spool::Message& message) {
  const auto found = by_name_.find(message.stream);
  if (found != by_name_.end()) return *found->second;
  const auto at = turn_.insert(turn_.end(), Stream{message.stream, {}, {}});
  by_name_.emplace(message.stream, at);
  return *at;
}

// When the window is full, the largest stream gives up its last message, unless the newcomer is of that
// stream itself: so a password reset gets in while 100,000 newsletters wait.
bool Window::make_room(const std::string& stream) {
  if (waiting_ < limit_) return true;
  const auto largest = std::ranges::max_element(turn_, {}, &Stream::size);
  if (largest == turn_.end() || largest->name == stream || largest->size() < 2) return false;
  auto& line = largest->retries.empty() ? largest->first : largest->retries;
  known_.erase(line.back()->id);
  line.pop_back();
  --waiting_;
  overflowed_ = true;
  return true;
}

bool Window::add(spool::MessagePtr message) {
  if (known_.contains(message->id)) return false;
  if (!make_room(message->stream)) {
    overflowed_ = true;
    return false;
  }
  known_.insert(message->id);
  auto& stream = stream_of(*message);
  (is_retry(*message) ? stream.retries : stream.first).push_back(std::move(message));
  ++waiting_;
  return true;
}

std::optional<spool::MessagePtr> Window::take() {
  if (waiting_ == 0) return std::nullopt;
  while (turn_.front().size() == 0) {
    by_name_.erase(turn_.front().name);
    turn_.pop_front();
  }
  auto& stream = turn_.front();
  auto& line = stream.first.empty() ? stream.retries : stream.first;
  spool::MessagePtr message = std::move(line.front());
  line.pop_front();
  --waiting_;
  turn_.splice(turn_.end(), turn_, turn_.begin());  // to the back of the round
  return message;
}

void Window::finish(const std::string& id) {
  known_.erase(id);
}

void Window::clear_waiting() {
  for (auto& stream : turn_) {
    for (const auto& message : stream.first) known_.erase(message->id);
    for (const auto& message : stream.retries) known_.erase(message->id);
  }
  turn_.clear();
  by_name_.clear();
  waiting_ = 0;
  overflowed_ = true;
}

}  // namespace postern::delivery
