// Domain names as DMARC handles them: cut into labels from the left. Pure; used by the tree walk, the public
// suffix list and the alignment of both legs. Any text is taken, names that the DNS refuses too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::policy {

std::string normal_domain(std::string_view domain);       // lower case, without the final dot
std::string_view parent_domain(std::string_view domain);  // without its left-most label; "" at the top
std::size_t label_count(std::string_view domain);         // "a.example.com": 3
std::string_view last_labels(std::string_view domain, std::size_t count);
bool is_under(std::string_view domain, std::string_view top);  // the name itself too

}  // namespace postern::policy
