// The durable record: a message and the state of each of its recipients. Shared read-only by everyone who
// handles it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"

namespace postern::spool {

enum class RecipientState { queued, held };

struct Recipient {
  int number = 0;  // position in the message, from 0; stable
  std::string address;
  std::string orcpt;  // RFC 3461, empty without
  std::string notify;
  RecipientState state = RecipientState::queued;
  std::string hold_reason;
  int attempts = 0;
  base::WallTime due{};
  std::string last_reply;
};

// Content after fix-ups. Bodies up to a bound lie in memory (and in the database), larger ones in a file.
struct Content {
  std::string header;                       // fields, CRLF each, without the empty line
  std::shared_ptr<const std::string> body;  // null: body_file
  std::string body_file;  // absolute path; durable (synced, directory too) before append is called
  std::uint64_t body_size = 0;
  std::uint64_t size() const { return header.size() + 2 + body_size; }
};

struct Message {
  std::string id;
  base::WallTime arrived{};
  std::string sender;
  Content content;
  bool eight_bit = false;
  std::string client;  // address of who handed it in
  std::string stream;  // who sends: AUTH user, else client address, else sender domain
  std::string ret;     // RFC 3461
  std::string envid;
  std::vector<Recipient> recipients;  // those that are not finished
};

using MessagePtr = std::shared_ptr<const Message>;

}  // namespace postern::spool
