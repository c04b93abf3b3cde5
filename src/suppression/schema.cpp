#include "suppression/schema.hpp"

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"

namespace postern::suppression {

namespace {

constexpr const char* version_1 = R"(
CREATE TABLE entry(
  key TEXT NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  since INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT)";

// own: made here; no sync touches it. listed: copies of SES's list, the generation first in the key, so that
// an old one lies together and is deleted page by page. generation: what is in each of them, kept by the
// transactions that change it, since counting a million rows takes longer than a start may; `keys` addresses,
// `shared` of them in own too. state.current is what look-ups see.
// SES lists in no order. Put one by one into a tree of a million, each row would cost two pages of disk, so a
// pass gathers sorted runs, which are generations of their own, and merges them: sequential from end to end.
constexpr const char* version_2 = R"(
ALTER TABLE entry RENAME TO own;
ALTER TABLE own DROP COLUMN generation;
CREATE TABLE listed(
  generation INTEGER NOT NULL,
  key TEXT NOT NULL,
  spelling TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY(generation, key, spelling)
) WITHOUT ROWID, STRICT;
CREATE TABLE generation(
  number INTEGER NOT NULL PRIMARY KEY,
  keys INTEGER NOT NULL DEFAULT 0,
  shared INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE pass(
  kind TEXT NOT NULL PRIMARY KEY,
  generation INTEGER NOT NULL,
  scope TEXT NOT NULL,
  started INTEGER NOT NULL,
  token TEXT NOT NULL DEFAULT '',
  touched INTEGER NOT NULL DEFAULT 0,
  pages INTEGER NOT NULL DEFAULT 0,
  entries INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  empty INTEGER NOT NULL DEFAULT 0,
  merging INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE TABLE run(number INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL, level INTEGER NOT NULL) STRICT;
CREATE TABLE removed(key TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE state(
  id INTEGER NOT NULL PRIMARY KEY CHECK(id = 1),
  own INTEGER NOT NULL,
  current INTEGER NOT NULL,
  scope TEXT NOT NULL DEFAULT '',
  last_good INTEGER,
  last_full INTEGER,
  changes_from INTEGER,
  doubt TEXT,
  doubt_scope TEXT NOT NULL DEFAULT '',
  doubt_entries INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO generation(number) VALUES (0);
INSERT INTO state(id, own, current) VALUES (1, (SELECT count(*) FROM own), 0);
)";

struct Reason {
  std::string_view letter, word;
};
constexpr Reason reasons[] = {{"B", "BOUNCE"}, {"C", "COMPLAINT"}};

std::string shortened(const std::string& word) {
  for (const auto& reason : reasons)
    if (word == reason.word) return std::string(reason.letter);
  return word;
}

std::string spelled_out(const std::string& letter) {
  for (const auto& reason : reasons)
    if (letter == reason.letter) return std::string(reason.word);
  return letter;
}

}  // namespace

std::vector<const char*> migrations() {
  return {version_1, version_2};
}

std::string_view to_string(PassKind kind) {
  return kind == PassKind::full ? "full" : "changes";
}

// SES lists what it was given, also with blanks around it and with the dot of the root: nobody is mailed so.
std::optional<ListedRow> row_of(const Listed& listed) {
  auto address = base::trim(listed.address);
  if (address.ends_with('.')) address.remove_suffix(1);
  const auto mailbox = mail::parse_mailbox(address);
  if (mailbox.has_error() || mailbox->empty()) return std::nullopt;
  ListedRow row{mail::lookup_key(address), listed.address, shortened(listed.reason),
                std::int64_t{listed.updated.time_since_epoch().count()}};
  if (row.spelling == row.key) row.spelling.clear();
  return row;
}

Listed listed_of(const ListedRow& row) {
  return {row.spelling.empty() ? row.key : row.spelling, spelled_out(row.reason),
          base::WallTime(std::chrono::milliseconds(row.since))};
}

Entry entry_of(const ListedRow& row) {
  auto listed = listed_of(row);
  return {std::move(listed.address), std::move(listed.reason), ses_source, listed.updated, true};
}

}  // namespace postern::suppression
