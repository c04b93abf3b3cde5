#include "signature_field.hpp"

#include <algorithm>

namespace postern::dkim {

namespace {

constexpr std::size_t width = 76;  // RFC 5322 2.1.1: 78 without CRLF; some relays fold at 76
constexpr std::string_view fold = "\r\n\t";

class Folded {
 public:
  explicit Folded(std::string text) : text_(std::move(text)) {
    const auto line = text_.rfind('\n');
    column_ = line == std::string::npos ? text_.size() : text_.size() - line - 1;
  }
  // On this line after a space, or on the next.
  void tag(std::string_view word) { put(word, " "); }
  // On this line as it is, or on the next: h= may be folded at its colons.
  void part(std::string_view word) { put(word, ""); }
  // Cut wherever the line ends: base64 may have white space anywhere (RFC 6376 3.5, b= and bh=).
  void anywhere(std::string_view word);
  std::string take() { return std::move(text_); }

 private:
  void put(std::string_view word, std::string_view before);
  void new_line();
  std::string text_;
  std::size_t column_ = 0;
};

void Folded::new_line() {
  text_ += fold;
  column_ = 1;
}

void Folded::put(std::string_view word, std::string_view before) {
  if (column_ + before.size() + word.size() > width) {
    new_line();
    before = "";
  }
  text_ += before;
  text_ += word;
  column_ += before.size() + word.size();
}

void Folded::anywhere(std::string_view word) {
  while (!word.empty()) {
    if (column_ >= width) new_line();
    const auto some = word.substr(0, width - column_);
    text_ += some;
    column_ += some.size();
    word.remove_prefix(some.size());
  }
}

std::string tag(std::string_view name, std::string_view value) {
  return std::string(name) + "=" + std::string(value) + ";";
}

}  // namespace

std::string unsigned_field(const SignatureTags& tags) {
  Folded field("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;");
  field.tag(tag("d", tags.domain));
  field.tag(tag("s", tags.selector));
  field.tag(tag("t", std::to_string(tags.time)));
  field.tag(tag("bh", tags.body_hash));
  for (std::size_t i = 0; i < tags.names.size(); ++i) {
    const std::string end(i + 1 < tags.names.size() ? ":" : ";");
    const std::string name = std::string(tags.names[i]) + end;
    i == 0 ? field.tag("h=" + name) : field.part(name);
  }
  field.tag("b=");
  return field.take();
}

std::string signed_field(std::string unsigned_part, std::string_view signature) {
  Folded field(std::move(unsigned_part));
  field.anywhere(signature);
  return field.take() + "\r\n";
}

}  // namespace postern::dkim
