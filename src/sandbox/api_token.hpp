// NextToken: where a listing goes on, unreadable to a client and good for the same filters only. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::sandbox {

// `filters`: any text that is the same when the filters are. `after`: the last address of the page.
std::string make_page_token(std::string_view after, std::string_view filters, std::string_view secret);
// nullopt: not one of ours, or for other filters.
std::optional<std::string> read_page_token(const std::string& token, std::string_view filters,
                                           std::string_view secret);

}  // namespace postern::sandbox
