// The bounded part of the queue that lies in memory: which message is next. Streams take turns; within a
// stream first attempts precede retries. A stream that floods keeps at most its share: what does not fit
// stays in the spool and is fetched again later (`overflowed`). Pure; loop thread.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "postern/spool/message.hpp"

namespace postern::delivery {

class Window {
 public:
  explicit Window(std::size_t limit = 1000) : limit_(limit) {}

  // false: it is in the window or in flight already, or there is no room for it (then overflowed() becomes
  // true).
  bool add(spool::MessagePtr message);
  std::optional<spool::MessagePtr> take();  // the next one; it counts as in flight until finish()
  void finish(const std::string& id);

  bool empty() const { return waiting_ == 0; }
  std::size_t waiting() const { return waiting_; }
  std::size_t limit() const { return limit_; }
  std::set<std::string> known() const { return known_; }  // waiting and in flight
  bool knows(const std::string& id) const { return known_.contains(id); }
  bool overflowed() const { return overflowed_; }
  void refilled() { overflowed_ = false; }
  void clear_waiting();  // an operator changed the spool: what waits is fetched anew

 private:
  struct Stream {
    std::string name;
    std::deque<spool::MessagePtr> first, retries;
    std::size_t size() const { return first.size() + retries.size(); }
  };
  Stream& stream_of(const spool::Message& message);
  bool make_room(const std::string& stream);

  std::size_t limit_;
  std::size_t waiting_ = 0;
  bool overflowed_ = false;
  std::list<Stream> turn_;  // the front is next
  std::map<std::string, std::list<Stream>::iterator, std::less<>> by_name_;
  std::set<std::string> known_;
};

}  // namespace postern::delivery
