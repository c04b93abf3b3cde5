#include "postern/mail/header_block.hpp"

#include "mail/grammar.hpp"
#include "postern/base/text.hpp"

namespace postern::mail {

namespace {

constexpr std::size_t npos = std::string_view::npos;

// What is wrong with one line, which ends with LF.
const char* line_problem(std::string_view line) {
  if (line.size() < 2 || line[line.size() - 2] != '\r') return "bare LF";
  const std::string_view text = line.substr(0, line.size() - 2);
  if (text.find('\r') != npos) return "bare CR";
  if (text.find('\0') != npos) return "NUL";
  return nullptr;
}

// The bytes of the first field: its line and the continuation lines. 0 and a problem when they are none.
std::size_t field_size(std::string_view bytes, std::size_t max_field, const char*& problem) {
  std::size_t size = 0;
  do {
    const auto end = bytes.find('\n', size);
    problem = end == npos ? "last line without CRLF" : line_problem(bytes.substr(size, end + 1 - size));
    if (problem != nullptr) return 0;
    size = end + 1;
    if (size > max_field) {
      problem = "field too large";
      return 0;
    }
  } while (size < bytes.size() && is_blank(bytes[size]));
  return size;
}

// Length of the name; 0 when the line is no field. White space before the colon: RFC 5322 4.5.
std::size_t field_name_length(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && line[length] > ' ' && line[length] <= '~' && line[length] != ':') ++length;
  std::size_t colon = length;
  while (colon < line.size() && is_blank(line[colon])) ++colon;
  return colon < line.size() && line[colon] == ':' ? length : 0;
}

const char* not_a_field(std::string_view line) {
  if (line.starts_with("From ") || line.starts_with(">From ")) return "an mbox From line";
  if (is_blank(line.front())) return "a continuation of nothing";
  return line == "\r\n" ? "an empty line" : "a line that is no field";
}

// Some programs store messages with a first line of spaces. RFC 5322 2.2.3 gives it no meaning, but it is no
// end of the header either, and it must not be lost.
std::size_t blank_lines_size(std::string_view bytes) {
  std::size_t size = 0;
  for (;;) {
    const auto end = bytes.find_first_not_of(" \t", size);
    if (end == npos || end == size || !bytes.substr(end).starts_with("\r\n")) return size;
    size = end + 2;
  }
}

base::Error malformed(std::size_t index, const char* problem) {
  return base::fail(base::Errc::invalid,
                    "malformed header, field " + std::to_string(index + 1) + ": " + problem);
}

std::string make_raw(std::string_view name, std::string_view body) {
  std::string raw;
  raw.reserve(name.size() + body.size() + 4);
  raw.append(name).append(": ").append(body).append("\r\n");
  return raw;
}

}  // namespace

std::string_view HeaderBlock::Field::body() const {
  const std::size_t start = raw.find(':', name_length) + 1;
  return std::string_view(raw).substr(start, raw.size() - 2 - start);
}

std::string HeaderBlock::Field::unfolded() const {
  std::string_view rest = body();
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && is_space(rest.back())) rest.remove_suffix(1);
  std::string out(rest);
  std::erase_if(out, [](char c) { return c == '\r' || c == '\n'; });
  return out;
}

bool HeaderBlock::Field::is(std::string_view wanted) const {
  return base::equals_ignoring_case(name(), wanted);
}

base::Result<HeaderBlock> HeaderBlock::parse(std::string_view bytes, std::size_t max_field) {
  HeaderBlock block;
  block.fields_.reserve(24);  // a usual message, and what the fix-ups add
  const std::size_t blank = blank_lines_size(bytes);
  if (blank > max_field) return malformed(0, "field too large");
  block.blank_ = bytes.substr(0, blank);
  bytes.remove_prefix(blank);
  while (!bytes.empty()) {
    const char* problem = nullptr;
    const std::size_t size = field_size(bytes, max_field, problem);
    if (problem != nullptr) return malformed(block.fields_.size(), problem);
    const std::string_view raw = bytes.substr(0, size);
    const std::size_t name_length = field_name_length(raw);
    if (name_length == 0) return malformed(block.fields_.size(), not_a_field(raw));
    block.fields_.push_back({std::string(raw), name_length});
    bytes.remove_prefix(size);
  }
  return block;
}

const HeaderBlock::Field* HeaderBlock::find(std::string_view name) const {
  for (const auto& field : fields_) {
    if (field.is(name)) return &field;
  }
  return nullptr;
}

std::size_t HeaderBlock::count(std::string_view name) const {
  std::size_t n = 0;
  for (const auto& field : fields_) {
    if (field.is(name)) ++n;
  }
  return n;
}

void HeaderBlock::prepend(std::string_view name, std::string_view body) {
  fields_.insert(fields_.begin(), {make_raw(name, body) + blank_, name.size()});
  blank_.clear();
}

void HeaderBlock::append(std::string_view name, std::string_view body) {
  fields_.push_back({make_raw(name, body), name.size()});
}

void HeaderBlock::replace_body(std::size_t index, std::string_view body) {
  Field& field = fields_[index];
  std::string raw = field.raw.substr(0, field.raw.find(':', field.name_length) + 1);
  if (body.empty() || !is_space(body.front())) raw += ' ';
  raw.append(body).append("\r\n");
  field.raw = std::move(raw);
}

std::size_t HeaderBlock::remove(std::string_view name) {
  return std::erase_if(fields_, [name](const Field& field) { return field.is(name); });
}

std::string HeaderBlock::bytes() const {
  std::size_t size = blank_.size();
  for (const auto& field : fields_) size += field.raw.size();
  std::string out;
  out.reserve(size);
  out += blank_;
  for (const auto& field : fields_) out += field.raw;
  return out;
}

}  // namespace postern::mail
