// Chooses whose turn it is: streams one after the other, within a stream first attempts before retries, each
// by due time. The next call goes on after the stream that was served last, so that a small limit is fair
// too. Part of the Reader; blocking.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "columns.hpp"

namespace postern::spool {

class DuePicker {
 public:
  explicit DuePicker(SQLite::Database& db);

  // Ids. Those that hold a first attempt come before the others; both in the order of the turns.
  std::vector<std::string> pick(base::WallTime now, std::size_t limit, std::size_t per_stream,
                                const std::set<std::string>& skip);
  std::optional<base::WallTime> earliest();  // due time of what is queued, over all streams

 private:
  struct Request;
  struct Lane;
  struct Candidate {
    std::string id;
    bool tried = false;
  };
  std::optional<std::string> stream_after(const std::optional<std::string>& stream);
  std::optional<base::WallTime> earliest_of(const std::string& stream, bool tried);
  std::vector<Lane> lanes(const Request& request);
  std::optional<Candidate> next(Lane& lane, const Request& request);
  void refill(Lane& lane, const Request& request);

  std::optional<std::string> served_last_;
  SQLite::Statement first_stream_;
  SQLite::Statement next_stream_;
  SQLite::Statement portion_;
  SQLite::Statement earliest_;
};

}  // namespace postern::spool
