#include "suppression/json_line.hpp"

#include <charconv>

#include "postern/base/clock.hpp"

namespace postern::suppression {

namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool take(char wanted) {
    skip_space();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() {
    skip_space();
    return rest_.empty();
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }
  // A string, a number or a word.
  std::optional<std::string> value() {
    skip_space();
    if (rest_.starts_with('"')) return string();
    const auto end = std::min(rest_.find_first_of(",} \t"), rest_.size());
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (out.empty() || out.find_first_of("{[\"") != std::string::npos) return std::nullopt;
    return out;
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size())); }
  // What follows the backslash. An address is ASCII: other code points have no place in it.
  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"' || c == '\\' || c == '/') {
      out += c;
      return true;
    }
    unsigned code = 0;
    if (c != 'u' || rest_.size() < 4) return false;
    const auto parsed = std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    if (parsed.ptr != rest_.data() + 4 || code >= 0x80) return false;
    out += static_cast<char>(code);
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::map<std::string, std::string>> parse_flat_object(std::string_view line) {
  Scanner scanner(line);
  std::map<std::string, std::string> out;
  if (!scanner.take('{')) return std::nullopt;
  do {
    auto name = scanner.string();
    if (!name || !scanner.take(':')) return std::nullopt;
    auto value = scanner.value();
    if (!value) return std::nullopt;
    out.insert_or_assign(std::move(*name), std::move(*value));
  } while (scanner.take(','));
  if (!scanner.take('}')) return std::nullopt;
  scanner.take(',');  // of the array that the line was cut out of
  if (!scanner.at_end()) return std::nullopt;
  return out;
}

std::string time_text(const std::string& value) {
  double seconds = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (value.empty() || parsed.ptr != value.data() + value.size()) return value;
  if (!(seconds >= 0 && seconds < 1e11)) return value;
  return base::to_rfc3339(
      base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000))));
}

}  // namespace postern::suppression
