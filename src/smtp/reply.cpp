#include "postern/smtp/reply.hpp"

#include <charconv>
#include <utility>

#include "text.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t max_reply_line = 512;  // RFC 5321 4.5.3.1.5, CRLF included
constexpr std::size_t max_kept_line = 1000;  // of a peer's reply
constexpr std::size_t max_lines = 128;

void append_number(std::string& out, int number) {
  char digits[12];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  out.append(digits, end);
}

// Replies are printable US-ASCII (RFC 5321 4.2); a peer's text or an address may bring anything in here.
void append_printable(std::string& out, std::string_view text) {
  for (const char c : text) out += is_control(c) || is_eight_bit(c) ? (c == '\t' ? ' ' : '?') : c;
}

void render_line(const Reply& reply, std::string_view text, bool last, std::string& out) {
  const auto begin = out.size();
  append_number(out, reply.code);
  out += last ? ' ' : '-';
  if (!reply.enhanced.empty()) out.append(reply.enhanced).append(1, ' ');
  const auto used = out.size() - begin;
  append_printable(out, text.substr(0, max_reply_line - 2 - used));
  out += "\r\n";
}

// The length of "5.1.1" at the front of `text`, when it is of the class of `code`; else 0 (RFC 2034 4).
std::size_t enhanced_length(std::string_view text, int code) {
  if (text.size() < 5 || text[0] != static_cast<char>('0' + code / 100) || text[1] != '.') return 0;
  std::size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at] != '.') return 0;
    const auto begin = ++at;
    while (at < text.size() && is_digit(text[at]) && at - begin < 3) ++at;
    if (at == begin) return 0;
  }
  return at == text.size() || text[at] == ' ' ? at : 0;
}

// 0 when the line does not begin as a reply (RFC 5321 4.2).
int code_of(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

Reply::Reply(int c, std::string_view e, std::string text) : code(c), enhanced(e) {
  lines.push_back(std::move(text));
}

std::string Reply::text() const {
  std::string out;
  for (const auto& line : lines) {
    if (!out.empty() && !line.empty()) out += ' ';
    out += line;
  }
  return out;
}

std::string Reply::to_string() const {
  std::string out;
  if (code != 0) append_number(out, code);
  if (!enhanced.empty()) out.append(1, ' ').append(enhanced);
  const auto words = text();
  if (!out.empty() && !words.empty()) out += ' ';
  append_printable(out, words);
  return out;
}

std::string render(const Reply& reply) {
  std::string out;
  if (reply.lines.empty()) render_line(reply, {}, true, out);
  for (std::size_t i = 0; i < reply.lines.size(); ++i)
    render_line(reply, reply.lines[i], i + 1 == reply.lines.size(), out);
  return out;
}

ReplyParser::Status ReplyParser::add_line(std::string_view line) {
  const int code = code_of(line);
  if (code == 0 || reply_.lines.size() >= max_lines) return Status::malformed;
  if (!reply_.lines.empty() && code != reply_.code) return Status::malformed;
  reply_.code = code;
  const bool last = line.size() == 3 || line[3] == ' ';
  auto text = line.substr(std::min<std::size_t>(line.size(), 4));
  if (const auto length = enhanced_length(text, code); length > 0) {
    if (reply_.enhanced.empty()) reply_.enhanced = text.substr(0, length);
    text = base::trim(text.substr(length));
  }
  auto& kept = reply_.lines.emplace_back();
  append_printable(kept, text.substr(0, max_kept_line));
  return last ? Status::done : Status::more;
}

Reply ReplyParser::take() {
  return std::exchange(reply_, Reply());
}

}  // namespace postern::smtp
