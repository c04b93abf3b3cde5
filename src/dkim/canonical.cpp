#include "canonical.hpp"

#include <algorithm>

#include "postern/base/text.hpp"

namespace postern::dkim {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_text(char c) {
  return c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

std::size_t end_of_text(std::string_view bytes, std::size_t begin) {
  while (begin < bytes.size() && is_text(bytes[begin])) ++begin;
  return begin;
}

std::string_view without_blanks_at_end(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

void append_relaxed_field(std::string_view field, std::string& out) {
  const auto colon = std::min(field.find(':'), field.size());
  out += base::to_lower(without_blanks_at_end(field.substr(0, colon)));
  out += ':';
  const auto body = field.substr(std::min(colon + 1, field.size()));
  bool blank = false;
  bool any = false;
  for (std::size_t i = 0; i < body.size();) {
    const auto end = end_of_text(body, i);
    if (end == i) {  // the CRLF of the folding goes without a trace, the white space after it stays
      blank = blank || is_blank(body[i]);
      ++i;
      continue;
    }
    if (blank && any) out += ' ';
    out += body.substr(i, end - i);
    blank = false;
    any = true;
    i = end;
  }
}

bool RelaxedBody::feed(std::string_view portion) {
  for (std::size_t i = 0; i < portion.size();) {
    const char c = portion[i];
    if (cr_ != (c == '\n')) return false;
    const auto end = end_of_text(portion, i);
    if (end > i) {
      text(portion.substr(i, end - i));
      i = end;
      continue;
    }
    cr_ = c == '\r';
    if (c == '\n') ++line_ends_;
    blank_ = is_blank(c);
    ++i;
  }
  return true;
}

void RelaxedBody::text(std::string_view run) {
  for (; line_ends_ > 0; --line_ends_) put("\r\n");
  if (blank_) put(" ");
  put(run);
  blank_ = false;
  any_ = true;
}

void RelaxedBody::finish() {
  if (any_) put("\r\n");
  flush();
}

void RelaxedBody::put(std::string_view bytes) {
  if (bytes.size() > buffer_.size() - used_) flush();
  if (bytes.size() > buffer_.size()) return sink_(bytes);
  std::copy(bytes.begin(), bytes.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ += bytes.size();
}

void RelaxedBody::flush() {
  if (used_ > 0) sink_(std::string_view(buffer_.data(), used_));
  used_ = 0;
}

}  // namespace postern::dkim
