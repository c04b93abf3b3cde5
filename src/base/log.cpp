#include "postern/base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
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

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u <= ' ' || u == '"' || u == '\\' || u == '=' || u >= 0x7f) return false;
  }
  return true;
}

// JSON string escapes; logfmt readers take the same. What is not ASCII passes as it is when it is no control.
void quote(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
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
  out += '"';
}

void put_text(std::string& out, std::string_view key, std::string_view text) {
  // from=<..> to=<..>: what parsers of Postfix logs know.
  if (is_address(key) && (text.empty() || plain(text))) {
    out += '<';
    out += text;
    out += '>';
  } else if (plain(text)) {
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
    fmt::format_to(std::back_inserter(out), "{:.3g}", *real);
  } else {
    out += std::get<bool>(value) ? "true" : "false";
  }
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
  for (const auto& field : fields) put_field(line, field, format, mask);
  line += format == LogFormat::json ? "}\n" : "\n";
  sink_(line);
}

}  // namespace postern::base
