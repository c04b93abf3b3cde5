#include "aws/xml.hpp"

#include <charconv>
#include <vector>

#include "aws/text.hpp"

namespace postern::aws {

namespace {

using Texts = std::map<std::string, std::string>;

constexpr std::size_t deepest = 16;
constexpr std::size_t most_elements = 1000;

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return letter || c == '_' || c == '-' || c == '.' || c == ':';
  };
  for (const char c : text)
    if (!fits(c)) return false;
  return !text.empty();
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&out](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

// What stands between & and ;
bool append_entity(std::string& out, std::string_view name) {
  static const std::map<std::string_view, char> known{
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  const auto found = known.find(name);
  if (found != known.end()) {
    out += found->second;
    return true;
  }
  if (!name.starts_with('#')) return false;
  const bool hex = name.starts_with("#x");
  const auto digits = name.substr(hex ? 2 : 1);
  unsigned code = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  const bool whole =
      !digits.empty() && parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size();
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (!whole || code == 0 || code > 0x10ffff || surrogate) return false;
  append_utf8(out, code);
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  base::Result<Texts> read() {
    while (!rest_.empty()) {
      const bool good = rest_.front() == '<' ? markup() : text();
      if (!good) return base::fail(base::Errc::protocol, std::string("not XML: ") + why_);
    }
    if (!open_.empty() || elements_ == 0)
      return base::fail(base::Errc::protocol, "not XML: it ends too early");
    return std::move(out_);
  }

 private:
  bool wrong(const char* why) {
    why_ = why;
    return false;
  }
  bool skip_past(std::string_view end) {
    const auto at = rest_.find(end);
    if (at == std::string_view::npos) return wrong("something is not closed");
    rest_.remove_prefix(at + end.size());
    return true;
  }
  bool markup() {
    if (rest_.starts_with("<?")) return skip_past("?>");
    if (rest_.starts_with("<!--")) return skip_past("-->");
    if (rest_.starts_with("<!")) return wrong("a declaration has no place in it");
    const auto end = rest_.find('>');
    if (end == std::string_view::npos) return wrong("a tag is not closed");
    const auto tag = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return tag.starts_with('/') ? close(trim(tag.substr(1))) : open(tag);
  }
  bool open(std::string_view tag) {
    const bool empty = tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    const auto name = tag.substr(0, tag.find_first_of(" \t\r\n"));  // attributes say nothing that is used
    if (!is_name(name)) return wrong("a tag without a name");
    if (open_.empty() && elements_ > 0) return wrong("two roots");
    if (open_.size() == deepest || ++elements_ > most_elements) return wrong("too deep or too long");
    open_.emplace_back(name);
    text_.clear();
    return empty ? close(name) : true;
  }
  bool close(std::string_view name) {
    if (open_.empty() || open_.back() != name) return wrong("a tag that closes another one");
    std::string path;
    for (const auto& one : open_) path += (path.empty() ? "" : "/") + one;
    if (!trim(text_).empty()) out_.try_emplace(std::move(path), trim(text_));
    open_.pop_back();
    text_.clear();
    return true;
  }
  bool text() {
    const auto raw = rest_.substr(0, rest_.find('<'));
    rest_.remove_prefix(raw.size());
    if (open_.empty()) return trim(raw).empty() || wrong("text outside of the root");
    for (std::size_t at = 0; at < raw.size();) {
      const auto entity = std::min(raw.find('&', at), raw.size());
      text_ += raw.substr(at, entity - at);
      if (entity == raw.size()) break;
      const auto end = raw.find(';', entity);
      const bool known =
          end != std::string_view::npos && append_entity(text_, raw.substr(entity + 1, end - entity - 1));
      if (!known) return wrong("an entity that is not known");
      at = end + 1;
    }
    return true;
  }

  std::string_view rest_;
  std::vector<std::string> open_;
  std::string text_;
  Texts out_;
  std::size_t elements_ = 0;
  const char* why_ = "";
};

}  // namespace

base::Result<Texts> parse_xml(std::string_view text) {
  return Reader(text).read();
}

}  // namespace postern::aws
