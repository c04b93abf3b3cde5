#include "dmarc_record.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <set>

#include "postern/base/text.hpp"

namespace postern::policy {

namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

// Takes what stands before the separator off the rest.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

struct Tag {
  std::string name;        // lower case; empty: not of the form of a tag
  std::string_view value;  // empty too when it is not printable
};

// dmarc-tag = 1*ALPHA *WSP "=" *WSP 1*dmarc-value (RFC 9989 4.8)
Tag read_tag(std::string_view piece) {
  const auto equals = piece.find('=');
  if (equals == std::string_view::npos) return {};
  const auto name = base::trim(piece.substr(0, equals));
  if (!std::all_of(name.begin(), name.end(), is_alpha)) return {};
  const auto value = base::trim(piece.substr(equals + 1));
  const bool printable = std::all_of(value.begin(), value.end(), is_printable);
  return {base::to_lower(name), printable ? value : std::string_view()};
}

// dmarc-version stands first, nothing before it; DMARC1 in capitals.
bool is_version(std::string_view piece) {
  if (!piece.starts_with('v') && !piece.starts_with('V')) return false;
  const auto tag = read_tag(piece);
  return tag.name == "v" && tag.value == "DMARC1";
}

std::optional<DmarcPolicy> read_policy(std::string_view value) {
  for (const auto policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject}) {
    if (base::equals_ignoring_case(value, to_string(policy))) return policy;
  }
  return std::nullopt;
}

// The one letter of the value when it is one of those allowed, in lower case; else 0.
char read_letter(std::string_view value, std::string_view allowed) {
  const auto letter = base::to_lower(value);
  return letter.size() == 1 && allowed.find(letter[0]) != std::string_view::npos ? letter[0] : '\0';
}

// Syntax errors of tags other than v, p, sp and np leave the default (RFC 7489 6.3, RFC 9989 4.7).
void read_mode(std::string_view value, AlignmentMode& mode) {
  const char letter = read_letter(value, "rs");
  if (letter != '\0') mode = letter == 's' ? AlignmentMode::strict : AlignmentMode::relaxed;
}

void read_percent(std::string_view value, int& percent) {
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (whole && value.size() <= 3 && is_digit(value[0]) && number <= 100) percent = number;
}

// URI ["!" 1*DIGIT [k/m/g/t]]: the size went with RFC 9989, and stands in many records.
std::string_view without_size(std::string_view uri) {
  const auto mark = uri.rfind('!');
  if (mark == std::string_view::npos) return uri;
  auto size = uri.substr(mark + 1);
  if (!size.empty() && std::string_view("kmgtKMGT").find(size.back()) != std::string_view::npos)
    size.remove_suffix(1);
  const bool digits = !size.empty() && std::all_of(size.begin(), size.end(), is_digit);
  return digits ? uri.substr(0, mark) : uri;
}

bool is_scheme(std::string_view text) {
  const auto rest = [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  return !text.empty() && is_alpha(text[0]) && std::all_of(text.begin(), text.end(), rest);
}

// RFC 3986 as far as it decides whether a report could be sent: a scheme, then characters of a URI; an
// address after mailto:.
bool is_report_uri(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || !is_scheme(uri.substr(0, colon))) return false;
  const auto rest = uri.substr(colon + 1);
  if (rest.empty() || rest.find_first_of(" \t!\"<>\\^`{|}") != std::string_view::npos) return false;
  if (!base::equals_ignoring_case(uri.substr(0, colon), "mailto")) return true;
  const auto at = rest.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < std::min(rest.find('?'), rest.size());
}

std::vector<std::string> read_uris(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto uri = without_size(base::trim(take_until(list, ',')));
    if (is_report_uri(uri)) out.emplace_back(uri);
  }
  return out;
}

class Reader {
 public:
  explicit Reader(DmarcMethod method) : method_(method) {}

  void take(const Tag& tag) {
    if (tag.name == "p") {
      policy_ = read_policy(tag.value);
      if (!policy_) wrong_ = complaint(tag);
    } else if (tag.name == "sp") {
      record_.subdomain_policy = read_policy(tag.value);
      if (!record_.subdomain_policy) wrong_ = complaint(tag);
    } else if (tag.name == "adkim") {
      read_mode(tag.value, record_.dkim);
    } else if (tag.name == "aspf") {
      read_mode(tag.value, record_.spf);
    } else if (tag.name == "rua") {
      record_.aggregate_reports = read_uris(tag.value);
    } else if (method_ == DmarcMethod::tree_walk) {
      take_of_9989(tag);
    }
    if (tag.name == "pct") read_percent(tag.value, record_.percent);
  }

  // A record with a wrong policy counts as p=none where a report can be sent, else not at all (RFC 7489
  // 6.6.3, RFC 9989 4.10.1).
  base::Result<DmarcRecord> finish(std::string_view text) && {
    if (!policy_ && wrong_.empty()) wrong_ = "there is no p tag";
    if (!wrong_.empty() && record_.aggregate_reports.empty()) return base::fail(base::Errc::invalid, wrong_);
    record_.text = text;
    if (wrong_.empty()) record_.policy = *policy_;
    if (!wrong_.empty()) record_.subdomain_policy = record_.nonexistent_policy = std::nullopt;
    return std::move(record_);
  }

 private:
  void take_of_9989(const Tag& tag) {
    if (tag.name == "np") {
      record_.nonexistent_policy = read_policy(tag.value);
      if (!record_.nonexistent_policy) wrong_ = complaint(tag);
    } else if (tag.name == "t") {
      record_.testing = read_letter(tag.value, "yn") == 'y';
    } else if (tag.name == "psd") {
      const char letter = read_letter(tag.value, "ynu");
      if (letter != '\0') record_.public_suffix = letter;
    }
  }

  static std::string complaint(const Tag& tag) {
    return tag.name + "=" + std::string(tag.value.substr(0, 40)) + " is not none, quarantine or reject";
  }

  DmarcMethod method_;
  DmarcRecord record_;
  std::optional<DmarcPolicy> policy_;
  std::string wrong_;
};

}  // namespace

std::string_view to_string(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none:
      return "none";
    case DmarcPolicy::quarantine:
      return "quarantine";
    case DmarcPolicy::reject:
      return "reject";
  }
  return "none";
}

base::Result<DmarcRecord> parse_dmarc_as(std::string_view text, DmarcMethod method) {
  auto rest = text;
  if (!is_version(take_until(rest, ';')))
    return base::fail(base::Errc::not_found, "not a DMARC record: it does not begin with v=DMARC1");
  Reader reader(method);
  std::set<std::string> seen{"v"};
  while (!rest.empty()) {
    const auto tag = read_tag(take_until(rest, ';'));
    if (tag.name.empty()) continue;
    // RFC 6376 3.2, whose syntax this is: a tag that comes twice makes the whole list invalid.
    if (!seen.insert(tag.name).second)
      return base::fail(base::Errc::invalid, "the tag " + tag.name.substr(0, 40) + " stands there twice");
    reader.take(tag);
  }
  return std::move(reader).finish(text);
}

base::Result<DmarcRecord> parse_dmarc(std::string_view text) {
  return parse_dmarc_as(text, DmarcMethod::tree_walk);
}

}  // namespace postern::policy
