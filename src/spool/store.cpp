#include "store.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace postern::spool {

namespace {

constexpr int slice_messages = 250;
constexpr std::string_view every = "all";

}  // namespace

Store::Store(SQLite::Database& db, std::string bodies) : db_(db), bodies_(std::move(bodies)) {
  count();
}

void Store::count() {
  SQLite::Statement messages(db_, "SELECT count(*), coalesce(sum(size), 0), min(arrived) FROM message");
  messages.executeStep();
  committed_.messages = static_cast<std::uint64_t>(messages.getColumn(0).getInt64());
  committed_.bytes = static_cast<std::uint64_t>(messages.getColumn(1).getInt64());
  if (!messages.isColumnNull(2)) committed_.oldest = from_column(messages.getColumn(2).getInt64());
  SQLite::Statement recipients(db_, "SELECT count(*), coalesce(sum(state), 0) FROM recipient");
  recipients.executeStep();
  committed_.held = static_cast<std::uint64_t>(recipients.getColumn(1).getInt64());
  committed_.queued = static_cast<std::uint64_t>(recipients.getColumn(0).getInt64()) - committed_.held;
  next_seq_ = db_.execAndGet("SELECT coalesce(max(seq), 0) + 1 FROM content").getInt64();
  current_ = committed_;
}

void Store::begin() {
  current_ = committed_;
  removing_.clear();
  oldest_left_ = false;
  const base::StatementReset use(begin_);
  use->exec();
}

void Store::commit() {
  if (oldest_left_) find_oldest();
  {
    const base::StatementReset use(commit_);
    use->exec();
  }
  committed_ = current_;
  std::move(removing_.begin(), removing_.end(), std::back_inserter(removed_));
  removing_.clear();
}

// A full disk or a failed write makes SQLite roll back by itself.
void Store::rollback() {
  removing_.clear();
  current_ = committed_;
  if (sqlite3_get_autocommit(db_.getHandle()) == 0) db_.exec("ROLLBACK");
}

// Ids sort by time of arrival, so that no index on `arrived` has to be kept for this.
void Store::find_oldest() {
  const base::StatementReset use(oldest_);
  current_.oldest.reset();
  if (use->executeStep()) current_.oldest = from_column(use->getColumn(0).getInt64());
}

Store::Slice Store::apply(const std::string& id, const std::string& after, const Action& action) {
  std::vector<Row> rows;
  Slice slice;
  if (id != every) {
    if (auto row = find(id)) rows.push_back(std::move(*row));
  } else {
    const base::StatementReset use(after_);
    use->bindNoCopy(1, after);
    use->bind(2, slice_messages);
    while (use->executeStep()) rows.push_back(read_row(*use));
    slice.more = rows.size() == slice_messages;
  }
  for (const auto& row : rows) slice.touched += action(*this, row);
  if (!rows.empty()) slice.last = rows.back().id;
  return slice;
}

std::vector<std::string> Store::take_removed_files() {
  return std::exchange(removed_, {});
}

std::vector<std::string> Store::body_file_names() {
  SQLite::Statement files(db_, "SELECT body_file FROM message WHERE body_file IS NOT NULL");
  std::vector<std::string> names;
  while (files.executeStep()) names.push_back(files.getColumn(0).getString());
  return names;
}

std::optional<Store::Row> Store::find(const std::string& id) {
  const base::StatementReset use(find_);
  use->bindNoCopy(1, id);
  if (!use->executeStep()) return std::nullopt;
  return read_row(*use);
}

Store::Row Store::read_row(SQLite::Statement& from) {
  Row row;
  row.id = from.getColumn(0).getString();
  row.seq = from.getColumn(1).getInt64();
  row.size = static_cast<std::uint64_t>(from.getColumn(2).getInt64());
  row.arrived = from_column(from.getColumn(3).getInt64());
  row.body_file = from.getColumn(4).getString();
  return row;
}

std::vector<std::pair<int, RecipientState>> Store::recipients_of(const Row& row) {
  const base::StatementReset use(recipients_);
  use->bind(1, row.seq);
  std::vector<std::pair<int, RecipientState>> found;
  while (use->executeStep())
    found.emplace_back(use->getColumn(0).getInt(), state_from(use->getColumn(1).getInt()));
  return found;
}

std::uint64_t& Store::counter(RecipientState state) {
  return state == RecipientState::held ? current_.held : current_.queued;
}

}  // namespace postern::spool
