#include "schema.hpp"

namespace postern::spool {

namespace {

// message is small and keyed by the queue id, which sorts by time: listing, counting at start and a retry's
// update never touch content. content is keyed by a running number, so that large rows are only ever added
// at the end. message.due is the earliest of its queued recipients (null: none is queued) and message.tried
// tells first attempts from retries: the dispatcher finds a stream's next message in one index. No foreign
// keys: the store deletes all three itself and saves their look-ups.
constexpr const char* version_1 = R"(
  CREATE TABLE message(
    id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    sender TEXT NOT NULL,
    size INTEGER NOT NULL,
    body_size INTEGER NOT NULL,
    body_file TEXT,
    eight_bit INTEGER NOT NULL,
    client TEXT NOT NULL,
    stream TEXT NOT NULL,
    ret TEXT NOT NULL,
    envid TEXT NOT NULL,
    due INTEGER,
    tried INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX message_due ON message(stream, tried, due) WHERE due IS NOT NULL;
  CREATE TABLE content(
    seq INTEGER PRIMARY KEY,
    header BLOB NOT NULL,
    body BLOB
  ) STRICT;
  CREATE TABLE recipient(
    message INTEGER NOT NULL,
    n INTEGER NOT NULL,
    address TEXT NOT NULL,
    orcpt TEXT NOT NULL,
    notify TEXT NOT NULL,
    state INTEGER NOT NULL,
    hold_reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    last_reply TEXT NOT NULL,
    PRIMARY KEY(message, n)
  ) WITHOUT ROWID, STRICT;
)";

}  // namespace

std::vector<const char*> migrations() {
  return {version_1};
}

}  // namespace postern::spool
