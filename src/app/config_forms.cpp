#include "config_forms.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace postern::app {

namespace {

using base::Errc;
using base::fail;

struct Quantity {
  std::uint64_t count = 0;
  std::string unit;
};

// "40M" -> 40, "M". Nothing but digits and then letters.
std::optional<Quantity> split_quantity(const std::string& text) {
  Quantity out;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out.count);
  if (error != std::errc() || rest == text.data()) return std::nullopt;
  out.unit.assign(rest, end);
  return out;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

std::optional<std::uint64_t> in_units(const std::string& text, const std::vector<Unit>& units) {
  const auto quantity = split_quantity(text);
  if (!quantity) return std::nullopt;
  if (quantity->count == 0 && quantity->unit.empty()) return 0;
  for (const auto& unit : units) {
    if (unit.name != quantity->unit) continue;
    if (quantity->count > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return quantity->count * unit.factor;
  }
  return std::nullopt;
}

const std::vector<Unit> size_units{{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}};
const std::vector<Unit> time_units{
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

// The largest unit that leaves no remainder.
std::string show(std::uint64_t count, const std::vector<Unit>& units) {
  auto best = units.begin();
  for (auto unit = units.begin(); unit != units.end(); ++unit) {
    if (count != 0 && count % unit->factor == 0) best = unit;
  }
  return count == 0 ? "0" : std::to_string(count / best->factor) + std::string(best->name);
}

struct Range {
  std::uint64_t min, max;
  bool or_zero;
};

base::Result<std::uint64_t> within(std::uint64_t value, const Range& range, const std::vector<Unit>& units,
                                   const std::string& text) {
  if (range.or_zero && value == 0) return value;
  if (value >= range.min && value <= range.max) return value;
  const std::string zero = range.or_zero ? "0 or " : "";
  return wrong(zero + "between " + show(range.min, units) + " and " + show(range.max, units), text);
}

Form<std::uint64_t> size_form(Range range) {
  return {"size", [range](const std::string& text) -> base::Result<std::uint64_t> {
            const auto value = in_units(text, size_units);
            if (!value) return wrong("a size such as 512K, 40M or 1G", text);
            return within(*value, range, size_units, text);
          }};
}

Form<base::Duration> duration_form(Range range) {
  return {"duration", [range](const std::string& text) -> base::Result<base::Duration> {
            const auto value = in_units(text, time_units);
            if (!value) return wrong("a duration such as 500ms, 5s, 10m, 2h or 5d", text);
            const auto checked = within(*value, range, time_units, text);
            if (checked.has_error()) return checked.error();
            return base::Duration(static_cast<base::Duration::rep>(*value));
          }};
}

Range range_of(base::Duration min, base::Duration max, bool or_zero) {
  return {static_cast<std::uint64_t>(min.count()), static_cast<std::uint64_t>(max.count()), or_zero};
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

base::Error wrong(std::string_view wanted, const std::string& text) {
  return fail(Errc::invalid, "must be " + std::string(wanted) + ", not '" + text + "'");
}

std::string join(const std::vector<std::string_view>& names, std::string_view between) {
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += between;
    out += name;
  }
  return out;
}

base::Error not_one_of(const std::vector<std::string_view>& names, const std::string& text) {
  return wrong(names.size() == 1 ? std::string(names[0]) : "one of " + join(names, ", "), text);
}

Form<bool> yes_or_no() {
  return choice<bool>({{"true", true}, {"false", false}});
}

Form<std::uint64_t> number(std::uint64_t min, std::uint64_t max) {
  return {"number", [min, max](const std::string& text) -> base::Result<std::uint64_t> {
            const auto value = split_quantity(text);
            if (!value || !value->unit.empty()) return wrong("a whole number", text);
            return within(value->count, {min, max, false}, {{"", 1}}, text);
          }};
}

Form<std::uint64_t> size(std::uint64_t min, std::uint64_t max) {
  return size_form({min, max, false});
}
Form<std::uint64_t> size_or_zero(std::uint64_t min, std::uint64_t max) {
  return size_form({min, max, true});
}

Form<base::Duration> duration(base::Duration min, base::Duration max) {
  return duration_form(range_of(min, max, false));
}
Form<base::Duration> duration_or_zero(base::Duration min, base::Duration max) {
  return duration_form(range_of(min, max, true));
}

Form<double> rate() {
  return {"auto | number", [](const std::string& text) -> base::Result<double> {
            if (text == "auto") return 0.0;
            double value = 0;
            const char* end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
            const bool good = error == std::errc() && rest == end && value >= 0.01 && value <= 100'000;
            if (!good) return wrong("auto, or recipients a second between 0.01 and 100000", text);
            return value;
          }};
}

Form<std::string> any_text() {
  return {"text", [](const std::string& text) -> base::Result<std::string> { return text; }};
}

Form<std::string> some_text() {
  return {"text", [](const std::string& text) -> base::Result<std::string> {
            if (text.empty()) return fail(Errc::invalid, "must not be empty");
            return text;
          }};
}

Form<std::string> text_of(std::string kind, std::string_view more_characters, std::size_t max) {
  const std::string wanted =
      "1 to " + std::to_string(max) + " letters, digits and '" + std::string(more_characters) + "'";
  auto read = [more = std::string(more_characters), max,
               wanted](const std::string& text) -> base::Result<std::string> {
    const bool good = std::all_of(text.begin(), text.end(), [&](char c) {
      return is_letter_or_digit(c) || more.find(c) != std::string::npos;
    });
    if (!good || text.empty() || text.size() > max) return wrong(wanted, text);
    return text;
  };
  return {std::move(kind), std::move(read)};
}

Form<std::string> optional(Form<std::string> form) {
  auto read = [inner = form.read](const std::string& text) -> base::Result<std::string> {
    return text.empty() ? base::Result<std::string>(text) : inner(text);
  };
  return {std::move(form.kind), std::move(read)};
}

Form<std::string> only(std::string built, std::vector<std::string> later) {
  std::string kind = built;
  auto read = [built = std::move(built),
               later = std::move(later)](const std::string& text) -> base::Result<std::string> {
    if (text == built || (built == "off" && text == "false")) return built;
    const bool known = std::find(later.begin(), later.end(), text) != later.end();
    if (known) return fail(Errc::invalid, "'" + text + "' is not supported yet: only " + built + " is");
    return not_one_of({built}, text);
  };
  return {std::move(kind), std::move(read)};
}

}  // namespace postern::app
