// Text of a peer on its way into a message: one short line without secrets. Pure. Private to the module.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace postern::aws {

// The first line, without control characters, cut where it gets long. SES repeats the whole canonical
// request, session token included, behind the first line of SignatureDoesNotMatch.
std::string one_line(std::string_view text, std::size_t most = 300);

// Each of the secrets, when it is more than a few characters long, becomes ***.
std::string without_secrets(std::string text, std::initializer_list<std::string_view> secrets);

std::string_view trim(std::string_view text);  // line ends too

}  // namespace postern::aws
