#include "reader.hpp"

#include <algorithm>
#include <limits>

namespace postern::spool {

namespace {

const char* const message_columns =
    "SELECT id, seq, arrived, sender, size, body_size, body_file, eight_bit, client, stream, ret, envid "
    "FROM message ";
const char* const recipient_columns =
    "SELECT n, address, orcpt, notify, state, hold_reason, attempts, due, last_reply FROM recipient ";

Recipient read_recipient(SQLite::Statement& from) {
  Recipient r;
  r.number = from.getColumn(0).getInt();
  r.address = from.getColumn(1).getString();
  r.orcpt = from.getColumn(2).getString();
  r.notify = from.getColumn(3).getString();
  r.state = state_from(from.getColumn(4).getInt());
  r.hold_reason = from.getColumn(5).getString();
  r.attempts = from.getColumn(6).getInt();
  r.due = from_column(from.getColumn(7).getInt64());
  r.last_reply = from.getColumn(8).getString();
  return r;
}

std::int64_t as_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

struct Reader::Read {
  std::shared_ptr<Message> message;
  std::int64_t seq = 0;
};

Reader::Reader(std::unique_ptr<SQLite::Database> db, std::string bodies)
    : db_(std::move(db)),
      bodies_(std::move(bodies)),
      picker_(*db_),
      find_(*db_, std::string(message_columns) + "WHERE id = ?1"),
      list_(*db_, std::string(message_columns) + "WHERE id > ?1 ORDER BY id LIMIT ?2"),
      recipients_(*db_, std::string(recipient_columns) + "WHERE message = ?1 ORDER BY n"),
      due_recipients_(
          *db_, std::string(recipient_columns) + "WHERE message = ?1 AND state = 0 AND due <= ?2 ORDER BY n"),
      content_(*db_, "SELECT header, body FROM content WHERE seq = ?1") {}

std::vector<MessagePtr> Reader::due(base::WallTime now, std::size_t limit, std::size_t per_stream,
                                    const std::set<std::string>& skip) {
  const SQLite::Transaction snapshot(*db_);
  std::vector<MessagePtr> messages;
  for (const auto& id : picker_.pick(now, limit, per_stream, skip)) {
    auto read = find(id);
    if (!read) continue;
    due_recipients_.bind(2, to_column(now));
    add_recipients(*read, due_recipients_);
    messages.push_back(std::move(read->message));
  }
  return messages;
}

std::optional<base::WallTime> Reader::next_due() {
  const SQLite::Transaction snapshot(*db_);
  return picker_.earliest();
}

MessagePtr Reader::load(const std::string& id) {
  const SQLite::Transaction snapshot(*db_);
  auto read = find(id);
  if (!read) return nullptr;
  add_recipients(*read, recipients_);
  add_content(*read);
  return std::move(read->message);
}

std::vector<MessagePtr> Reader::list(std::size_t limit, const std::string& after_id) {
  const SQLite::Transaction snapshot(*db_);
  const base::StatementReset rows(list_);
  rows->bindNoCopy(1, after_id);
  rows->bind(2, as_limit(limit));
  std::vector<MessagePtr> messages;
  while (rows->executeStep()) {
    Read read = read_message(*rows);
    add_recipients(read, recipients_);
    messages.push_back(std::move(read.message));
  }
  return messages;
}

std::optional<Reader::Read> Reader::find(const std::string& id) {
  const base::StatementReset row(find_);
  row->bindNoCopy(1, id);
  if (!row->executeStep()) return std::nullopt;
  return read_message(*row);
}

Reader::Read Reader::read_message(SQLite::Statement& from) const {
  Read read{.message = std::make_shared<Message>(), .seq = from.getColumn(1).getInt64()};
  Message& m = *read.message;
  m.id = from.getColumn(0).getString();
  m.arrived = from_column(from.getColumn(2).getInt64());
  m.sender = from.getColumn(3).getString();
  // Without its header the size of the body stands for the rest, so that size() is that of the message.
  m.content.body_size = static_cast<std::uint64_t>(from.getColumn(4).getInt64()) - 2;
  if (!from.isColumnNull(6)) m.content.body_file = bodies_ + "/" + from.getColumn(6).getString();
  m.eight_bit = from.getColumn(7).getInt() != 0;
  m.client = from.getColumn(8).getString();
  m.stream = from.getColumn(9).getString();
  m.ret = from.getColumn(10).getString();
  m.envid = from.getColumn(11).getString();
  return read;
}

void Reader::add_recipients(Read& read, SQLite::Statement& from) {
  const base::StatementReset rows(from);
  rows->bind(1, read.seq);
  while (rows->executeStep()) read.message->recipients.push_back(read_recipient(*rows));
}

void Reader::add_content(Read& read) {
  const base::StatementReset row(content_);
  row->bind(1, read.seq);
  if (!row->executeStep()) return;
  Content& content = read.message->content;
  content.header = row->getColumn(0).getString();
  content.body_size -= content.header.size();
  if (!row->isColumnNull(1))
    content.body = std::make_shared<const std::string>(row->getColumn(1).getString());
}

}  // namespace postern::spool
