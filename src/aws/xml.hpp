// The little XML that STS answers with: elements and text. No DOCTYPE, no CDATA, bounded depth and number.
// Pure. Private to the module.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"

namespace postern::aws {

// Text of each element that has one, by path ("Answer/Result/Key"), the first of several. Errc::protocol: it
// is no well-formed XML of this kind.
base::Result<std::map<std::string, std::string>> parse_xml(std::string_view text);

}  // namespace postern::aws
