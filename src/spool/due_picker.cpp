#include "due_picker.hpp"

#include <algorithm>
#include <limits>

namespace postern::spool {

namespace {

constexpr int portion = 32;
constexpr std::int64_t before_all = std::numeric_limits<std::int64_t>::min();

}  // namespace

struct DuePicker::Request {
  base::WallTime now;
  std::size_t limit;
  std::size_t per_stream;
  const std::set<std::string>& skip;
};

// A stream's messages in their order, read from the index a portion at a time.
struct DuePicker::Lane {
  std::string stream;
  std::deque<Candidate> ahead;
  std::size_t taken = 0;
  bool tried = false;  // reading retries already
  bool exhausted = false;
  std::int64_t due = before_all;  // where the last portion ended
  std::string id;
};

DuePicker::DuePicker(SQLite::Database& db)
    : first_stream_(db,
                    "SELECT stream FROM message INDEXED BY message_due WHERE due IS NOT NULL "
                    "ORDER BY stream LIMIT 1"),
      next_stream_(db,
                   "SELECT stream FROM message INDEXED BY message_due WHERE due IS NOT NULL AND stream > ?1 "
                   "ORDER BY stream LIMIT 1"),
      portion_(db,
               "SELECT due, id FROM message INDEXED BY message_due WHERE stream = ?1 AND tried = ?2 "
               "AND due <= ?3 AND (due, id) > (?4, ?5) ORDER BY due, id LIMIT ?6"),
      earliest_(db,
                "SELECT due FROM message INDEXED BY message_due WHERE stream = ?1 AND tried = ?2 "
                "AND due IS NOT NULL ORDER BY due LIMIT 1") {}

std::vector<std::string> DuePicker::pick(base::WallTime now, std::size_t limit, std::size_t per_stream,
                                         const std::set<std::string>& skip) {
  const Request request{now, limit, per_stream, skip};
  std::vector<Lane> turns = lanes(request);
  std::vector<Candidate> picked;
  for (bool any = true; any && picked.size() < limit;) {
    any = false;
    for (auto& lane : turns) {
      if (picked.size() == limit) break;
      auto candidate = next(lane, request);
      if (!candidate) continue;
      picked.push_back(std::move(*candidate));
      served_last_ = lane.stream;
      any = true;
    }
  }
  std::stable_partition(picked.begin(), picked.end(), [](const Candidate& c) { return !c.tried; });
  std::vector<std::string> ids;
  ids.reserve(picked.size());
  for (auto& candidate : picked) ids.push_back(std::move(candidate.id));
  return ids;
}

// Streams that have something due, from the one after the last served around to it; no more than can be
// served.
std::vector<DuePicker::Lane> DuePicker::lanes(const Request& request) {
  std::vector<Lane> found;
  const auto start = served_last_;
  bool around = !start;
  for (auto stream = stream_after(start); found.size() < request.limit; stream = stream_after(stream)) {
    if (!stream && !around) {
      around = true;
      continue;  // from the beginning
    }
    if (!stream || (around && start && *stream > *start)) break;
    Lane lane;
    lane.stream = *stream;
    refill(lane, request);
    if (!lane.ahead.empty()) found.push_back(std::move(lane));
  }
  return found;
}

std::optional<DuePicker::Candidate> DuePicker::next(Lane& lane, const Request& request) {
  if (lane.taken == request.per_stream) return std::nullopt;
  if (lane.ahead.empty()) refill(lane, request);
  if (lane.ahead.empty()) return std::nullopt;
  Candidate candidate = std::move(lane.ahead.front());
  lane.ahead.pop_front();
  ++lane.taken;
  return candidate;
}

// Reads on until there is something to give or the lane has ended.
void DuePicker::refill(Lane& lane, const Request& request) {
  while (lane.ahead.empty() && !lane.exhausted) {
    int rows = 0;
    {
      const base::StatementReset use(portion_);
      use->bindNoCopy(1, lane.stream);
      use->bind(2, lane.tried ? 1 : 0);
      use->bind(3, to_column(request.now));
      use->bind(4, lane.due);
      use->bind(5, lane.id);
      use->bind(6, portion);
      for (; use->executeStep(); ++rows) {
        lane.due = use->getColumn(0).getInt64();
        lane.id = use->getColumn(1).getString();
        if (!request.skip.contains(lane.id)) lane.ahead.push_back({lane.id, lane.tried});
      }
    }
    if (rows == portion) continue;
    lane.exhausted = lane.tried;
    lane.tried = true;
    lane.due = before_all;
    lane.id.clear();
  }
}

std::optional<std::string> DuePicker::stream_after(const std::optional<std::string>& stream) {
  const base::StatementReset use(stream ? next_stream_ : first_stream_);
  if (stream) use->bindNoCopy(1, *stream);
  if (!use->executeStep()) return std::nullopt;
  return use->getColumn(0).getString();
}

std::optional<base::WallTime> DuePicker::earliest() {
  std::optional<base::WallTime> soonest;
  for (auto stream = stream_after(std::nullopt); stream; stream = stream_after(stream)) {
    for (const bool tried : {false, true}) {
      const auto due = earliest_of(*stream, tried);
      if (due && (!soonest || *due < *soonest)) soonest = due;
    }
  }
  return soonest;
}

std::optional<base::WallTime> DuePicker::earliest_of(const std::string& stream, bool tried) {
  const base::StatementReset use(earliest_);
  use->bindNoCopy(1, stream);
  use->bind(2, tried ? 1 : 0);
  if (!use->executeStep()) return std::nullopt;
  return from_column(use->getColumn(0).getInt64());
}

}  // namespace postern::spool
