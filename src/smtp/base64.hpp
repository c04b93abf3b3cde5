// Base64 (RFC 4648 4) as AUTH uses it: no line breaks, padding required. Private to the module; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::smtp {

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);  // nullopt: not base64

}  // namespace postern::smtp
