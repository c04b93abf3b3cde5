#include "postern/base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <iterator>

namespace postern::base {

namespace {

using Value = std::variant<std::string_view, std::int64_t, double, bool>;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

bool is_address(std::string_view key) {
  return key == "from" || key == "to" || key == "orig_to";
}

// One word that needs no quotes. Within brackets = is no separator: bounce+a=b@example.com.
bool plain(std::string_view text, bool bracketed) {
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u <= ' ' || u == '"' || u == '\\' || (u == '=' && !bracketed) || u >= 0x7f) return false;
  }
  return bracketed || !text.empty();
}

// Bytes of the UTF-8 sequence that begins `text` (RFC 3629 4); 0 when it is none, or a control of C1.
std::size_t utf8_size(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [byte](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first >= 0xc2 && first <= 0xdf) return follows(1, first == 0xc2 ? 0xa0 : 0x80) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    return follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void quote_byte(std::string& out, char c) {
  const auto u = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (u < 0x20 || u >= 0x7f) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", u);
  } else {
    out += c;
  }
}

// JSON string escapes; logfmt readers take the same. UTF-8 passes as it is; of other 8-bit text each byte is
// shown as the character of its number, so that the line stays valid JSON.
void quote(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    if (size == 0) {
      quote_byte(out, text.front());
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  out += '"';
}

// Never an exponent: readers of delay= expect none, and a long delay is when one looks at it.
void put_real(std::string& out, double value, LogFormat format) {
  if (!std::isfinite(value)) {
    out += format == LogFormat::json ? "null" : "nan";
    return;
  }
  fmt::format_to(std::back_inserter(out), "{:.6f}", value);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
}

void put_text(std::string& out, std::string_view key, std::string_view text) {
  // from=<..> to=<..>: what parsers of Postfix logs know.
  if (is_address(key) && plain(text, true)) {
    out += '<';
    out += text;
    out += '>';
  } else if (plain(text, false)) {
    out += text;
  } else {
    quote(out, text);
  }
}

void put_value(std::string& out, std::string_view key, const Value& value, LogFormat format, bool mask) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const std::string masked = mask && is_address(key) ? mask_address(*text) : std::string();
    const std::string_view shown = mask && is_address(key) ? std::string_view(masked) : *text;
    format == LogFormat::json ? quote(out, shown) : put_text(out, key, shown);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    fmt::format_to(std::back_inserter(out), "{}", *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    put_real(out, *real, format);
  } else {
    out += std::get<bool>(value) ? "true" : "false";
  }
}

// An empty field is left out, but not an address: from=<> is the null sender.
bool says_nothing(const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.value());
  return text != nullptr && text->empty() && !is_address(field.key());
}

void put_field(std::string& out, const LogField& field, LogFormat format, bool mask) {
  if (format == LogFormat::json) {
    out += out.empty() ? '{' : ',';
    quote(out, field.key());
    out += ':';
  } else {
    if (!out.empty()) out += ' ';
    out += field.key();
    out += '=';
  }
  put_value(out, field.key(), field.value(), format, mask);
}

}  // namespace

std::string mask_address(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::string(address);
  return std::string(address.substr(0, 1)) + "***" + std::string(address.substr(at));
}

Log::Log(Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

Log::Sink Log::stderr_sink() {
  return [](std::string_view line) {
    // One write a line, so that lines of several threads do not mix. A reader that went away costs the line,
    // not the mail.
    while (!line.empty()) {
      const auto n = ::write(STDERR_FILENO, line.data(), line.size());
      if (n < 0 && errno != EINTR) return;
      if (n > 0) line.remove_prefix(static_cast<std::size_t>(n));
    }
  };
}

void Log::configure(LogFormat format, LogLevel level, bool mask_addresses) {
  format_ = format;
  level_ = level;
  mask_ = mask_addresses;
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  const LogFormat format = format_;
  const bool mask = mask_;
  const std::string time = to_rfc3339(clock_.wall_now());
  std::string line;
  line.reserve(256);
  put_field(line, {"time", time}, format, mask);
  put_field(line, {"level", name_of(level)}, format, mask);
  put_field(line, {"event", event}, format, mask);
  for (const auto& field : fields) {
    if (!says_nothing(field)) put_field(line, field, format, mask);
  }
  line += format == LogFormat::json ? "}\n" : "\n";
  sink_(line);
}

}  // namespace postern::base
