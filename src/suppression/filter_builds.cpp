#include "suppression/filter_builds.hpp"

#include <boost/asio/post.hpp>

namespace postern::suppression {

namespace {

// A millisecond or two: a look-up that waits for the same thread waits no longer.
constexpr std::size_t rows_at_once = 2000;

}  // namespace

void FilterBuilds::look() {
  writer_.post([self = shared_from_this()] { self->begin_if_due(); });
}

void FilterBuilds::stop() {
  const std::lock_guard lock(reading_);
  stopped_ = true;
}

void FilterBuilds::begin_if_due() {
  if (stopped_) return;
  const auto due = store_->filter_due();
  if (due.has_error()) return tell(due.error());
  if (!*due) return;
  const auto begun = store_->begin_filter();
  if (begun.has_error()) return tell(begun.error());
  disk_.post([self = shared_from_this()] { self->read_some(); });
}

// The lock is held over both posts: who has returned from stop() may destroy the writer.
void FilterBuilds::read_some() {
  const std::lock_guard lock(reading_);
  if (stopped_) return;
  const auto more = store_->scan_for_filter(rows_at_once);
  if (more.has_value() && *more) return disk_.post([self = shared_from_this()] { self->read_some(); });
  if (more.has_error()) tell(more.error());
  writer_.post([self = shared_from_this(), whole = more.has_value()] { self->end(whole); });
}

// On the loop nobody is inside the one before when its last owner goes. What was written while this one grew
// may have made the next one due.
void FilterBuilds::end(bool whole) {
  if (!whole) return store_->give_up_filter();
  boost::asio::post(loop_, [before = store_->serve_filter()] {});
  begin_if_due();
}

void FilterBuilds::tell(const base::Error& why) {
  log_.warn("suppression", {{"effect", "look-ups go to the disk"}, {"reason", why.message}});
}

}  // namespace postern::suppression
