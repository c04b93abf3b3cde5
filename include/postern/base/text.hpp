// ASCII text of protocols and files: case and blanks, whatever the locale. Pure.
#pragma once

#include <string>
#include <string_view>

namespace postern::base {

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Without what of `blanks` stands at its ends; a view into `text`.
std::string_view trim(std::string_view text, std::string_view blanks = " \t");

}  // namespace postern::base
