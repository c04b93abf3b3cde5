// What the writer's connection does: every change of a message as a few prepared statements, and the totals
// that follow from them. Blocking; writer thread only (and the opening thread before that one runs). All
// changes happen between begin() and commit(); after rollback() store and totals are as before begin().
// SQLite failures come out as SQLite::Exception: the whole transaction is in doubt then. A Result with an
// error means that this request alone was refused and nothing was changed by it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "columns.hpp"
#include "postern/spool/spool.hpp"

namespace postern::spool {

class Store {
 public:
  Store(SQLite::Database& db, std::string bodies);

  void begin();
  void commit();
  void rollback();

  base::Result<void> append(const Message& message);
  base::Result<void> settle(const std::string& id, const std::vector<Settlement>& settlements);

  // An operator's request goes over the messages in slices, so that no append waits for a million rows.
  struct Row {
    std::string id;
    std::int64_t seq = 0;
    std::uint64_t size = 0;
    base::WallTime arrived{};
    std::string body_file;  // name in bodies/, may be empty
  };
  using Action = std::function<bool(Store&, const Row&)>;  // true: touched
  struct Slice {
    std::size_t touched = 0;
    std::string last;
    bool more = false;
  };
  Slice apply(const std::string& id, const std::string& after, const Action& action);  // id may be "all"

  bool make_due(const Row& row, base::WallTime now);
  bool hasten(const Row& row, base::WallTime now);  // as make_due, but touches only what is later
  bool hold(const Row& row, const std::string& reason);
  bool release(const Row& row, base::WallTime now);
  void remove(const Row& row);

  const Totals& totals() const { return committed_; }
  std::vector<std::string> take_removed_files();  // paths whose rows are gone for good: unlink them
  std::vector<std::string> body_file_names();     // all that rows name, at open

 private:
  void count();
  void find_oldest();
  void insert_message(const Message& message, const std::string& file);
  void insert_recipient(const Recipient& recipient);
  std::optional<Row> find(const std::string& id);
  Row read_row(SQLite::Statement& from);
  std::vector<std::pair<int, RecipientState>> recipients_of(const Row& row);
  void settle_one(const Row& row, const Settlement& settlement, RecipientState state);
  void refresh(const Row& row);
  int moved(RecipientState from, RecipientState to, int recipients);
  std::uint64_t& counter(RecipientState state);

  SQLite::Database& db_;
  std::string bodies_;
  std::int64_t next_seq_ = 1;
  Totals committed_, current_;
  bool oldest_left_ = false;
  std::vector<std::string> removing_, removed_;

  SQLite::Statement begin_{db_, "BEGIN IMMEDIATE"};
  SQLite::Statement commit_{db_, "COMMIT"};
  SQLite::Statement insert_content_{db_, "INSERT INTO content(seq, header, body) VALUES(?1, ?2, ?3)"};
  SQLite::Statement insert_message_{
      db_,
      "INSERT INTO message(id, seq, arrived, sender, size, body_size, body_file, eight_bit, client, stream, "
      "ret, envid, due, tried) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"};
  SQLite::Statement insert_recipient_{
      db_,
      "INSERT INTO recipient(message, n, address, orcpt, notify, state, hold_reason, attempts, due, "
      "last_reply) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"};
  SQLite::Statement find_{db_, "SELECT id, seq, size, arrived, body_file FROM message WHERE id = ?1"};
  SQLite::Statement after_{
      db_, "SELECT id, seq, size, arrived, body_file FROM message WHERE id > ?1 ORDER BY id LIMIT ?2"};
  SQLite::Statement recipients_{db_, "SELECT n, state FROM recipient WHERE message = ?1"};
  SQLite::Statement oldest_{db_, "SELECT arrived FROM message ORDER BY id LIMIT 1"};
  SQLite::Statement done_{db_, "DELETE FROM recipient WHERE message = ?1 AND n = ?2"};
  SQLite::Statement retry_{db_,
                           "UPDATE recipient SET due = ?3, attempts = attempts + ?4, last_reply = ?5 "
                           "WHERE message = ?1 AND n = ?2"};
  SQLite::Statement hold_one_{
      db_,
      "UPDATE recipient SET state = 1, hold_reason = ?3, attempts = attempts + ?4, last_reply = ?5 "
      "WHERE message = ?1 AND n = ?2"};
  SQLite::Statement refresh_{
      db_,
      "UPDATE message SET (due, tried) = (SELECT min(due), coalesce(min(attempts), 0) > 0 FROM recipient "
      "WHERE message = ?2 AND state = 0) WHERE id = ?1"};
  SQLite::Statement due_{db_, "UPDATE recipient SET due = ?2 WHERE message = ?1 AND state = 0"};
  SQLite::Statement hasten_{db_,
                            "UPDATE recipient SET due = ?2 WHERE message = ?1 AND state = 0 AND due > ?2"};
  SQLite::Statement hold_{
      db_, "UPDATE recipient SET state = 1, hold_reason = ?2 WHERE message = ?1 AND state = 0"};
  SQLite::Statement release_{
      db_, "UPDATE recipient SET state = 0, hold_reason = '', due = ?2 WHERE message = ?1 AND state = 1"};
  SQLite::Statement remove_recipients_{db_, "DELETE FROM recipient WHERE message = ?1"};
  SQLite::Statement remove_content_{db_, "DELETE FROM content WHERE seq = ?1"};
  SQLite::Statement remove_message_{db_, "DELETE FROM message WHERE id = ?1"};
};

}  // namespace postern::spool
