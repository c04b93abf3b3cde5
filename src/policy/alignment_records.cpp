#include "alignment_records.hpp"

#include <algorithm>

#include "postern/base/text.hpp"
#include "postern/net/ip.hpp"
#include "postern/policy/spf.hpp"

namespace postern::policy {

namespace {

constexpr std::size_t max_proposed = 2000;  // a longer one does not fit an answer over UDP anyway

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string term_for(const std::string& authorised) {
  const auto network = net::Network::parse(authorised);
  if (!network) return "include:" + authorised;
  return (network->address.is_v4() ? "ip4:" : "ip6:") + authorised;
}

bool is_all(const std::string& term) {
  const auto word = base::to_lower(term);
  return word == "all" || (word.size() == 4 && word.ends_with("all"));
}

bool is_redirect(const std::string& term) {
  return base::to_lower(term).starts_with("redirect=");
}

void add_once(std::vector<std::string>& terms, const std::string& term) {
  const bool known = std::any_of(terms.begin(), terms.end(), [&term](const std::string& one) {
    return base::equals_ignoring_case(one, term);
  });
  if (!known) terms.push_back(term);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string txt_record(std::string_view domain, std::string_view text) {
  constexpr std::size_t longest = 255;
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (text.size() > max_proposed || !std::all_of(text.begin(), text.end(), is_printable)) return {};
  auto out = std::string(domain) + ". TXT";
  do {
    out += ' ' + quoted(text.substr(0, longest));
    text.remove_prefix(std::min(longest, text.size()));
  } while (!text.empty());
  return out;
}

std::string mx_record(std::string_view domain, std::string_view exchange) {
  return std::string(domain) + ". MX 10 " + std::string(exchange) + '.';
}

std::string spf_with(const std::vector<std::string>& records, const std::vector<std::string>& authorised,
                     const std::vector<std::string>& without) {
  const auto unwanted = [&without](const std::string& term) {
    return std::find(without.begin(), without.end(), term) != without.end();
  };
  std::vector<std::string> terms;
  for (const auto& entry : authorised) add_once(terms, term_for(entry));
  std::string all, redirect;
  for (const auto& record : records) {
    auto published = words(record);
    if (!published.empty()) published.erase(published.begin());  // v=spf1
    for (const auto& term : published) {
      if (unwanted(term)) continue;
      if (is_all(term)) {
        all = term;
      } else if (is_redirect(term)) {
        redirect = term;
      } else if (check_spf_record("v=spf1 " + term)) {  // what is wrong is not proposed again
        add_once(terms, term);
      }
    }
  }
  // all hides a redirect (RFC 7208 6.1); +all would let everybody in.
  if (all.empty() && !redirect.empty()) all = redirect;
  const bool open = all.empty() || all.starts_with('+') || all.starts_with('a') || all.starts_with('A');
  std::string out = "v=spf1";
  for (const auto& term : terms) out += ' ' + term;
  out += ' ' + (open ? std::string("~all") : all);
  return out;
}

std::string dmarc_with(std::string_view record, std::string_view tag, std::string_view value) {
  std::string out;
  const auto wanted = std::string(tag) + '=' + std::string(value);
  bool set = false;
  while (!record.empty()) {
    const auto end = std::min(record.find(';'), record.size());
    const auto words_of_it = words(record.substr(0, end));
    record.remove_prefix(std::min(end + 1, record.size()));
    std::string piece;
    for (const auto& word : words_of_it) piece += word;
    if (piece.empty()) continue;
    if (base::to_lower(piece.substr(0, piece.find('='))) == tag) {
      if (set) continue;
      set = true;
      piece = wanted;
    }
    out += (out.empty() ? "" : "; ") + piece;
  }
  if (!set) out += "; " + wanted;
  return out;
}

std::string feedback_host(std::string_view region) {
  return "feedback-smtp." + std::string(region.empty() ? "<region>" : region) + ".amazonses.com";
}

std::string shown(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > most) out += "...";
  return out;
}

}  // namespace postern::policy
