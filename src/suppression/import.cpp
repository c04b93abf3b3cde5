// The text form of the list: parse_import and format_export.
#include <algorithm>
#include <optional>

#include "postern/base/clock.hpp"
#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"
#include "postern/suppression/list.hpp"
#include "suppression/json_line.hpp"

namespace postern::suppression {

namespace {

constexpr std::string_view blanks = " \t\r";

// One field off the front of an RFC 4180 line, its comma too. nullopt: text after a closing quote.
std::optional<std::string> take_field(std::string_view& line) {
  std::string field;
  if (line.starts_with('"')) {
    std::size_t at = 1;
    for (; at < line.size(); ++at) {
      if (line[at] == '"' && !line.substr(at + 1).starts_with('"')) break;
      if (line[at] == '"') ++at;
      field += line[at];
    }
    line.remove_prefix(std::min(at + 1, line.size()));
    if (!line.empty() && line.front() != ',') return std::nullopt;
  } else {
    field = base::trim(line.substr(0, line.find(',')), blanks);
    line.remove_prefix(std::min(line.find(','), line.size()));
  }
  if (!line.empty()) line.remove_prefix(1);
  return field;
}

struct Fields {
  std::string address, reason, since;
};

Fields split(std::string_view line) {
  std::string_view rest = line;
  auto address = take_field(rest);
  // A bare address with a quoted local part, as it stands in a mail, is no CSV.
  if (!address) return {std::string(line), {}, {}};
  auto reason = take_field(rest);
  auto since = take_field(rest);
  return {*address, reason.value_or("?"), since.value_or("?")};
}

bool is_heading(const Fields& fields) {
  const std::string name = base::to_lower(fields.address);
  return name == "address" || name == "emailaddress" || name == "email" || name == "email address";
}

base::Result<std::string> reason_of(std::string_view text) {
  const std::string word = base::to_lower(text);
  if (word.empty() || word == "manual") return std::string("MANUAL");
  if (word == "bounce") return std::string("BOUNCE");
  if (word == "complaint") return std::string("COMPLAINT");
  return base::fail(base::Errc::invalid,
                    "unknown reason \"" + std::string(text) + "\" (BOUNCE, COMPLAINT or MANUAL)");
}

base::Result<Entry> entry_of(const Fields& fields, base::WallTime now) {
  const auto address = mail::parse_mailbox(fields.address);
  if (address.has_error()) return address.error();
  if (address->empty()) return base::fail(base::Errc::invalid, "no address");
  const auto reason = reason_of(fields.reason);
  if (reason.has_error()) return reason.error();
  const auto since =
      fields.since.empty() ? base::Result<base::WallTime>(now) : base::from_rfc3339(fields.since);
  if (since.has_error())
    return base::fail(base::Errc::invalid, "not a time: " + fields.since + " (as 2026-09-20T10:15:30Z)");
  return Entry{*address, *reason, "import", *since};
}

base::Result<Entry> parse_line(std::string_view line, base::WallTime now) {
  if (!line.starts_with('{')) return entry_of(split(line), now);
  const auto object = parse_flat_object(line);
  if (!object) return base::fail(base::Errc::invalid, "not a JSON object of one line");
  const auto value = [&object](const char* name) {
    const auto found = object->find(name);
    return found == object->end() ? std::string() : found->second;
  };
  return entry_of({value("EmailAddress"), value("Reason"), time_text(value("LastUpdateTime"))}, now);
}

std::string quoted(const std::string& field) {
  if (field.find_first_of("\",\r\n#{ ") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

Imported parse_import(std::string_view text, base::WallTime now) {
  Imported out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // spreadsheets put it there
  bool heading_allowed = true;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = base::trim(text.substr(0, end), blanks);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (heading_allowed && is_heading(split(line))) {
      heading_allowed = false;
      continue;
    }
    heading_allowed = false;
    auto entry = parse_line(line, now);
    if (entry.has_error()) {
      out.problems.push_back({number, entry.error().message});
    } else {
      out.entries.push_back(std::move(*entry));
    }
  }
  return out;
}

std::string format_export(const std::vector<Entry>& entries) {
  std::string out = "address,reason,since\n";
  for (const auto& entry : entries)
    out += quoted(entry.address) + ',' + quoted(entry.reason) + ',' + base::to_rfc3339(entry.since) + '\n';
  return out;
}

}  // namespace postern::suppression
