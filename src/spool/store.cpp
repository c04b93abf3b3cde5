#include "store.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>

namespace postern::spool {

using base::Errc;
using base::Result;

namespace {

constexpr std::size_t max_row_bytes = 512U << 20;  // SQLite's own limit is 1e9
constexpr int slice_messages = 250;
constexpr std::string_view every = "all";

int state_column(RecipientState state) {
  return state == RecipientState::held ? 1 : 0;
}

RecipientState state_from(int column) {
  return column == 1 ? RecipientState::held : RecipientState::queued;
}

bool numbered_once(const std::vector<Recipient>& recipients) {
  std::vector<int> numbers;
  numbers.reserve(recipients.size());
  for (const auto& r : recipients) numbers.push_back(r.number);
  std::sort(numbers.begin(), numbers.end());
  return std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end();
}

// Refused here, a wrong message can't fail in the middle of its statements and take its batch along.
Result<void> check(const Message& message) {
  if (message.id.empty()) return base::fail(Errc::invalid, "a message without id");
  if (message.recipients.empty()) return base::fail(Errc::invalid, message.id + ": no recipients");
  if (!numbered_once(message.recipients))
    return base::fail(Errc::invalid, message.id + ": two recipients of one number");
  const std::size_t body = message.content.body ? message.content.body->size() : 0;
  if (message.content.header.size() > max_row_bytes || body > max_row_bytes)
    return base::fail(Errc::invalid, message.id + ": too large to be kept in memory");
  return {};
}

void bind_blob(SQLite::Statement& statement, int index, const std::string& bytes) {
  statement.bindNoCopy(index, bytes.data(), static_cast<int>(bytes.size()));
}

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
  const Use use(begin_);
  use->exec();
}

void Store::commit() {
  if (oldest_left_) find_oldest();
  {
    const Use use(commit_);
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
  const Use use(oldest_);
  current_.oldest.reset();
  if (use->executeStep()) current_.oldest = from_column(use->getColumn(0).getInt64());
}

Result<void> Store::append(const Message& message) {
  if (auto good = check(message); good.has_error()) return good.error();
  std::string file;
  if (!message.content.body_file.empty()) {
    const std::filesystem::path path(message.content.body_file);
    if (path.parent_path() != bodies_)
      return base::fail(Errc::invalid, message.content.body_file + " does not lie in " + bodies_);
    file = path.filename();
  }
  try {
    insert_message(message, file);
  } catch (const SQLite::Exception& e) {
    if ((e.getErrorCode() & 0xff) != SQLITE_CONSTRAINT) throw;
    return base::fail(Errc::exists, message.id + " is in the spool already");
  }
  for (const auto& recipient : message.recipients) insert_recipient(recipient);
  ++next_seq_;
  ++current_.messages;
  current_.bytes += message.content.size();
  current_.oldest = std::min(current_.oldest.value_or(message.arrived), message.arrived);
  return {};
}

void Store::insert_message(const Message& m, const std::string& file) {
  std::optional<base::WallTime> due;
  bool tried = true;
  for (const auto& r : m.recipients) {
    if (r.state == RecipientState::held) continue;
    due = std::min(due.value_or(r.due), r.due);
    tried = tried && r.attempts > 0;
  }
  const Use row(insert_message_);
  row->bindNoCopy(1, m.id);
  row->bind(2, next_seq_);
  row->bind(3, to_column(m.arrived));
  row->bindNoCopy(4, m.sender);
  row->bind(5, static_cast<std::int64_t>(m.content.size()));
  row->bind(6, static_cast<std::int64_t>(m.content.body_size));
  file.empty() ? row->bind(7) : row->bindNoCopy(7, file);
  row->bind(8, m.eight_bit ? 1 : 0);
  row->bindNoCopy(9, m.client);
  row->bindNoCopy(10, m.stream);
  row->bindNoCopy(11, m.ret);
  row->bindNoCopy(12, m.envid);
  due ? row->bind(13, to_column(*due)) : row->bind(13);
  row->bind(14, due && tried ? 1 : 0);
  row->exec();

  const Use content(insert_content_);
  content->bind(1, next_seq_);
  bind_blob(*content, 2, m.content.header);
  m.content.body ? bind_blob(*content, 3, *m.content.body) : content->bind(3);
  content->exec();
}

void Store::insert_recipient(const Recipient& r) {
  const Use row(insert_recipient_);
  row->bind(1, next_seq_);
  row->bind(2, r.number);
  row->bindNoCopy(3, r.address);
  row->bindNoCopy(4, r.orcpt);
  row->bindNoCopy(5, r.notify);
  row->bind(6, state_column(r.state));
  row->bindNoCopy(7, r.hold_reason);
  row->bind(8, r.attempts);
  row->bind(9, to_column(r.due));
  row->bindNoCopy(10, r.last_reply);
  row->exec();
  ++counter(r.state);
}

Result<void> Store::settle(const std::string& id, const std::vector<Settlement>& settlements) {
  const auto row = find(id);
  if (!row) return base::fail(Errc::not_found, id + " is not in the spool");
  auto open = recipients_of(*row);
  std::vector<std::pair<const Settlement*, RecipientState>> todo;
  std::size_t done = 0;
  for (const auto& s : settlements) {
    const auto at =
        std::find_if(open.begin(), open.end(), [&s](const auto& r) { return r.first == s.number; });
    if (at == open.end()) continue;  // settled before, or named twice
    todo.emplace_back(&s, at->second);
    done += s.kind == Settlement::Kind::done;
    open.erase(at);
  }
  if (open.empty() && done == todo.size()) {
    remove(*row);
    return {};
  }
  for (const auto& [settlement, state] : todo) settle_one(*row, *settlement, state);
  refresh(*row);
  return {};
}

// A retry leaves a recipient held that the operator held while it was under way.
void Store::settle_one(const Row& row, const Settlement& s, RecipientState state) {
  if (s.kind == Settlement::Kind::done) {
    const Use gone(done_);
    gone->bind(1, row.seq);
    gone->bind(2, s.number);
    gone->exec();
    --counter(state);
    return;
  }
  const bool retry = s.kind == Settlement::Kind::retry;
  const Use update(retry ? retry_ : hold_one_);
  update->bind(1, row.seq);
  update->bind(2, s.number);
  retry ? update->bind(3, to_column(s.due)) : update->bindNoCopy(3, s.hold_reason);
  update->bind(4, s.count_attempt ? 1 : 0);
  update->bindNoCopy(5, s.reply);
  update->exec();
  if (!retry) moved(state, RecipientState::held, 1);
}

Store::Slice Store::apply(const std::string& id, const std::string& after, const Action& action) {
  std::vector<Row> rows;
  Slice slice;
  if (id != every) {
    if (auto row = find(id)) rows.push_back(std::move(*row));
  } else {
    const Use use(after_);
    use->bindNoCopy(1, after);
    use->bind(2, slice_messages);
    while (use->executeStep()) rows.push_back(read_row(*use));
    slice.more = rows.size() == slice_messages;
  }
  for (const auto& row : rows) slice.touched += action(*this, row);
  if (!rows.empty()) slice.last = rows.back().id;
  return slice;
}

bool Store::make_due(const Row& row, base::WallTime now) {
  const Use use(due_);
  use->bind(1, row.seq);
  use->bind(2, to_column(now));
  if (use->exec() == 0) return false;
  refresh(row);
  return true;
}

bool Store::hasten(const Row& row, base::WallTime now) {
  const Use use(hasten_);
  use->bind(1, row.seq);
  use->bind(2, to_column(now));
  if (use->exec() == 0) return false;
  refresh(row);
  return true;
}

bool Store::hold(const Row& row, const std::string& reason) {
  const Use use(hold_);
  use->bind(1, row.seq);
  use->bindNoCopy(2, reason);
  if (moved(RecipientState::queued, RecipientState::held, use->exec()) == 0) return false;
  refresh(row);
  return true;
}

bool Store::release(const Row& row, base::WallTime now) {
  return release_where(release_, row, now);
}

bool Store::release_reason(const Row& row, const std::string& reason, base::WallTime now) {
  release_reason_.bindNoCopy(3, reason);
  return release_where(release_reason_, row, now);
}

bool Store::release_where(SQLite::Statement& update, const Row& row, base::WallTime now) {
  const Use use(update);
  use->bind(1, row.seq);
  use->bind(2, to_column(now));
  if (moved(RecipientState::held, RecipientState::queued, use->exec()) == 0) return false;
  refresh(row);
  return true;
}

void Store::remove(const Row& row) {
  for (const auto& [number, state] : recipients_of(row)) --counter(state);
  for (auto* statement : {&remove_recipients_, &remove_content_}) {
    const Use use(*statement);
    use->bind(1, row.seq);
    use->exec();
  }
  const Use use(remove_message_);
  use->bindNoCopy(1, row.id);
  use->exec();
  --current_.messages;
  current_.bytes -= row.size;
  if (row.arrived <= current_.oldest) oldest_left_ = true;
  if (!row.body_file.empty()) removing_.push_back(bodies_ + "/" + row.body_file);
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
  const Use use(find_);
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
  const Use use(recipients_);
  use->bind(1, row.seq);
  std::vector<std::pair<int, RecipientState>> found;
  while (use->executeStep())
    found.emplace_back(use->getColumn(0).getInt(), state_from(use->getColumn(1).getInt()));
  return found;
}

// message.due and message.tried follow from the recipients.
void Store::refresh(const Row& row) {
  const Use use(refresh_);
  use->bindNoCopy(1, row.id);
  use->bind(2, row.seq);
  use->exec();
}

int Store::moved(RecipientState from, RecipientState to, int recipients) {
  counter(from) -= static_cast<std::uint64_t>(recipients);
  counter(to) += static_cast<std::uint64_t>(recipients);
  return recipients;
}

std::uint64_t& Store::counter(RecipientState state) {
  return state == RecipientState::held ? current_.held : current_.queued;
}

}  // namespace postern::spool
