// Reads the spool on a connection of its own, in short transactions, while the writer goes on. Blocking; runs
// on the spool's reader thread. SQLite failures come out as SQLite::Exception.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "columns.hpp"
#include "due_picker.hpp"
#include "postern/spool/message.hpp"

namespace postern::spool {

class Reader {
 public:
  Reader(std::unique_ptr<SQLite::Database> db, std::string bodies);

  std::vector<MessagePtr> due(base::WallTime now, std::size_t limit, std::size_t per_stream,
                              const std::set<std::string>& skip);
  std::optional<base::WallTime> next_due();
  MessagePtr load(const std::string& id);  // null: there is none
  std::vector<MessagePtr> list(std::size_t limit, const std::string& after_id);

 private:
  struct Read;  // a message being put together, and its key in the other tables
  Read read_message(SQLite::Statement& from) const;
  std::optional<Read> find(const std::string& id);
  void add_recipients(Read& read, SQLite::Statement& from);
  void add_content(Read& read);

  std::unique_ptr<SQLite::Database> db_;
  std::string bodies_;
  DuePicker picker_;
  SQLite::Statement find_;
  SQLite::Statement list_;
  SQLite::Statement recipients_;
  SQLite::Statement due_recipients_;
  SQLite::Statement content_;
};

}  // namespace postern::spool
