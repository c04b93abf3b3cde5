// The part of Store that takes a message in.
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>

#include "store.hpp"

namespace postern::spool {

using base::Errc;
using base::Result;

namespace {

constexpr std::size_t max_row_bytes = 512U << 20;  // SQLite's own limit is 1e9

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
  const base::StatementReset row(insert_message_);
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

  const base::StatementReset content(insert_content_);
  content->bind(1, next_seq_);
  bind_blob(*content, 2, m.content.header);
  m.content.body ? bind_blob(*content, 3, *m.content.body) : content->bind(3);
  content->exec();
}

void Store::insert_recipient(const Recipient& r) {
  const base::StatementReset row(insert_recipient_);
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

}  // namespace postern::spool
