// Why SES suppresses an address, and the sets of reasons that an account or a configuration set names. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace postern::sandbox {

enum class Reason { bounce, complaint };

std::string_view to_string(Reason reason);                  // as the API writes it: BOUNCE, COMPLAINT
std::optional<Reason> parse_reason(std::string_view text);  // exactly so

struct Reasons {
  bool bounce = true;
  bool complaint = true;
  bool has(Reason reason) const { return reason == Reason::bounce ? bounce : complaint; }
  void add(Reason reason) { (reason == Reason::bounce ? bounce : complaint) = true; }
};
constexpr Reasons no_reasons{false, false};

}  // namespace postern::sandbox
