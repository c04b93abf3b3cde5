#include "reasons.hpp"

namespace postern::sandbox {

std::string_view to_string(Reason reason) {
  return reason == Reason::bounce ? "BOUNCE" : "COMPLAINT";
}

std::optional<Reason> parse_reason(std::string_view text) {
  if (text == "BOUNCE") return Reason::bounce;
  if (text == "COMPLAINT") return Reason::complaint;
  return std::nullopt;
}

}  // namespace postern::sandbox
