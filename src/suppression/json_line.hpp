// One line of what `aws sesv2 list-suppressed-destinations` gives when each entry is put on a line of its own
// (jq -c): a flat JSON object. Pure; for import only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace postern::suppression {

// Member values as text: strings without quotes and escapes, numbers and words as they stand. nullopt: not an
// object, or one with objects or arrays inside.
std::optional<std::map<std::string, std::string>> parse_flat_object(std::string_view line);

// SES gives epoch seconds with a fraction over HTTP, RFC 3339 in the CLI: the latter of either.
std::string time_text(const std::string& value);

}  // namespace postern::suppression
