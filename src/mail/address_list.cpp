// Address fields as they are found in the wild: RFC 5322 3.4 with the obsolete forms of 4.4, plus what
// common programs send although no grammar has it: specials in an unquoted display name
// ("[Tracker] bob@example.com <bob@example.com>"), 8 bit in display names, encoded-words that hold a comma.

#include <algorithm>

#include "mail/grammar.hpp"
#include "postern/mail/address.hpp"

namespace postern::mail {

namespace {

constexpr std::size_t npos = std::string_view::npos;

// Each step returns false when the text is not what it expects; parse_address_list gives up then, except
// where it tries an addr-spec first and a display name second. No step is recursive, and no byte is read more
// than a constant number of times.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool run(std::vector<FieldAddress>& out) {
    bool in_group = false;
    while (skip_cfws()) {
      if (done()) return !in_group;
      const char c = peek();
      if (c == ',' || (c == ';' && in_group)) {  // an empty element: obs-mbox-list, obs-group-list
        in_group = in_group && c != ';';
        ++pos_;
      } else if (!element(out, in_group)) {
        return false;
      }
    }
    return false;
  }

 private:
  bool done() const { return pos_ >= text_.size(); }
  char peek() const { return text_[pos_]; }
  bool at(char c) const { return !done() && peek() == c; }
  bool at_separator() const { return done() || peek() == ',' || peek() == ';'; }

  // One mailbox, or the head of a group up to its colon. The separator behind it stays.
  bool element(std::vector<FieldAddress>& out, bool& in_group) {
    const std::size_t start = pos_;
    FieldAddress found;
    if (encoded_word_size() == 0 && addr_spec(found) && at_separator()) {
      out.push_back(std::move(found));
      return true;
    }
    pos_ = start;
    if (!skip_display_name() || done()) return false;
    if (peek() == ':') {
      if (in_group || pos_ == start) return false;  // groups do not nest
      in_group = true;
      ++pos_;
      return true;
    }
    found = {};
    if (!angle_addr(found) || !skip_cfws() || !at_separator()) return false;
    out.push_back(std::move(found));
    return true;
  }

  // Stops at the < or : that gives the phrase its meaning.
  bool skip_display_name() {
    while (skip_cfws() && !at_separator()) {
      const char c = peek();
      if (c == '<' || c == ':') return true;
      if (c == '"') {
        if (!skip_quoted_string(nullptr)) return false;
      } else if (const std::size_t size = encoded_word_size(); size != 0) {
        pos_ += size;
      } else if (c == '>' || c == ')' || c == '\\' || static_cast<unsigned char>(c) < ' ') {
        return false;
      } else {
        ++pos_;
      }
    }
    return false;
  }

  bool angle_addr(FieldAddress& out) {
    ++pos_;
    if (!skip_cfws()) return false;
    const std::size_t route = pos_;
    if ((at('@') || at(',')) && !skip_route()) return false;
    const bool routed = pos_ != route;
    if (!addr_spec(out) || !at('>')) return false;
    ++pos_;
    if (routed) out.begin = route;
    return true;
  }

  // obs-route: @a,@b: before the address. RFC 5321 appendix C: ignore it.
  bool skip_route() {
    while (!done() && peek() != ':') {
      if (peek() == '>' || peek() == '<') return false;
      if (peek() == '(') {
        if (!skip_cfws()) return false;
      } else {
        ++pos_;
      }
    }
    if (done()) return false;
    ++pos_;
    return skip_cfws();
  }

  // local part, then perhaps @domain; comments and white space around the dots go (obs-local-part,
  // obs-domain). Leaves pos_ behind the CFWS that follows.
  bool addr_spec(FieldAddress& out) {
    out.begin = pos_;
    if (!words(out, true)) return false;
    if (!at('@')) return true;
    out.address += '@';
    ++pos_;
    if (!skip_cfws()) return false;
    return at('[') ? domain_literal(out) : words(out, false);
  }

  bool words(FieldAddress& out, bool quoted_allowed) {
    for (;;) {
      const bool good = at('"') && quoted_allowed ? skip_quoted_string(&out.address) : atom(out.address);
      if (!good) return false;
      out.end = pos_;
      if (!skip_cfws()) return false;
      if (!at('.')) return true;
      out.address += '.';
      ++pos_;
      if (!skip_cfws()) return false;
    }
  }

  bool atom(std::string& out) {
    const std::size_t start = pos_;
    while (!done() && is_atext(peek())) ++pos_;
    out += text_.substr(start, pos_ - start);
    return pos_ != start;
  }

  bool domain_literal(FieldAddress& out) {
    const std::size_t start = pos_++;
    while (!done() && peek() > ' ' && peek() <= '~' && std::string_view("[]\\").find(peek()) == npos) {
      ++pos_;
    }
    if (!at(']')) return false;
    out.end = ++pos_;
    out.address += text_.substr(start, pos_ - start);
    return skip_cfws();
  }

  // In a display name anything goes, in a local part (copy given) only 7 bit without controls.
  bool skip_quoted_string(std::string* copy) {
    const std::size_t start = pos_++;
    while (!done() && peek() != '"') {
      if (peek() == '\\') ++pos_;
      if (done() || (copy != nullptr && !is_printable(peek()))) return false;
      ++pos_;
    }
    if (done()) return false;
    ++pos_;
    if (copy != nullptr) copy->append(text_.substr(start, pos_ - start));
    return true;
  }

  // Comments nest; the depth is a number, not a stack. False: a comment without end.
  bool skip_cfws() {
    std::size_t depth = 0;
    for (; !done(); ++pos_) {
      const char c = peek();
      if (c == '(') {
        ++depth;
      } else if (depth == 0 && !is_space(c)) {
        return true;
      } else if (c == ')') {
        --depth;
      } else if (c == '\\' && depth != 0) {
        if (++pos_ == text_.size()) return false;
      }
    }
    return depth == 0;
  }

  // RFC 2047: =?charset?B or Q?text?=, 0 when there is none here. Taken whole, since some programs leave
  // commas in the text.
  std::size_t encoded_word_size() const {
    const std::string_view rest = text_.substr(std::min(pos_, text_.size()));
    if (!rest.starts_with("=?")) return 0;
    const auto mark = rest.find_first_of("?, \t\r\n<>\"", 2);
    if (mark == npos || mark + 2 >= rest.size() || rest[mark] != '?' || rest[mark + 2] != '?') return 0;
    const auto end = rest.find_first_of("? \t\r\n<>\"", mark + 3);
    return end != npos && rest.substr(end).starts_with("?=") ? end + 2 : 0;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
};

}  // namespace

base::Result<std::vector<FieldAddress>> parse_address_list(std::string_view body) {
  std::vector<FieldAddress> out;
  if (!Scanner(body).run(out)) return base::fail(base::Errc::invalid, "not a list of addresses");
  return out;
}

}  // namespace postern::mail
