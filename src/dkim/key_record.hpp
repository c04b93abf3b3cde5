// Reads the text of a DKIM key record (RFC 6376 3.6.1), as strictly as the strictest receivers. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"

namespace postern::dkim {

struct KeyRecord {
  std::map<std::string, std::string, std::less<>> tags;  // values without white space at either end

  bool has(std::string_view tag) const { return tags.contains(tag); }
  // "" when it is not there.
  std::string_view value(std::string_view tag) const;
  // Whether a list with colons (h=, s=, t=) names it, in any case; false for a tag that is not there.
  bool lists(std::string_view tag, std::string_view wanted) const;
};

// invalid, with a sentence: not of the form of a tag list, v= that is not DKIM1 or not in front, no p=.
base::Result<KeyRecord> parse_key_record(std::string_view text);

// Decodes p=, white space anywhere; invalid when it is not base64.
base::Result<std::string> decode_key_data(std::string_view text);

}  // namespace postern::dkim
