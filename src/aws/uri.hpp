// Percent-encoding as AWS wants it (RFC 3986 unreserved characters stay, hex in capitals), for the canonical
// request and for what goes on the wire. Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>

namespace postern::aws {

std::string uri_encode(std::string_view text);       // a path segment, a name or value of a query or form
std::string uri_encode_path(std::string_view path);  // "/" stays

}  // namespace postern::aws
