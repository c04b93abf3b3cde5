// Structured log: one line an event, logfmt or JSON, the same fields in both. Thread-safe.
// Never hand it message content or secrets. Fields named from, to, orig_to are masked when mask_addresses is
// on.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "postern/base/clock.hpp"

namespace postern::base {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

class LogField {
 public:
  LogField(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  LogField(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, bool value) : key_(key), value_(value) {}
  LogField(std::string_view key, double value) : key_(key), value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view key, T value)
      : key_(key), value_(static_cast<std::int64_t>(value)) {}

  std::string_view key() const { return key_; }
  const std::variant<std::string_view, std::int64_t, double, bool>& value() const { return value_; }

 private:
  std::string_view key_;
  std::variant<std::string_view, std::int64_t, double, bool> value_;
};

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  // gets whole lines with their newline

  Log(Clock& clock, Sink sink);
  static Sink stderr_sink();

  void configure(LogFormat format, LogLevel level, bool mask_addresses);
  bool enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

 private:
  Clock& clock_;
  Sink sink_;
  std::atomic<LogLevel> level_{LogLevel::info};
  std::atomic<LogFormat> format_{LogFormat::text};
  std::atomic<bool> mask_{false};
};

// "somebody@example.com" -> "s***@example.com"
std::string mask_address(std::string_view address);

}  // namespace postern::base
