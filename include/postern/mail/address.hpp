// Mail addresses as SES takes them: 7-bit local part and domain (RFC 5321 4.1.2, 4.1.3). Pure.
// Case is kept as given; compare with same_mailbox or by lookup_key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"

namespace postern::mail {

// "a@b" without brackets, source route or parameters. An empty path (<>) is an empty string.
// Accepts quoted local parts, address literals, host names of one label, underscores in labels; refuses
// controls, 8 bit, lengths over 64/255/254+2. A local part alone ("root") is none: see is_local_part.
base::Result<std::string> parse_mailbox(std::string_view text);
bool is_local_part(std::string_view text);  // "root" of MAIL FROM:<root>: what default_domain completes

std::string_view local_part(std::string_view address);  // up to the last @; all of it when there is none
std::string_view domain_of(std::string_view address);   // after the last @; empty when there is none

// What the suppression list compares: lower case of the whole, without the quotes and backslashes that the
// local part does not need ("j\ane"@example.com is jane@example.com, RFC 5321 4.1.2).
std::string lookup_key(std::string_view address);

// Shell-like pattern of the configuration: * matches any run, ? one character; case does not count.
bool matches_pattern(std::string_view pattern, std::string_view address);

// The addresses of a header field body such as From or To (RFC 5322 3.4): display names, comments, groups,
// quoted strings and obsolete forms are understood. Each entry is the bare addr-spec, without comments and
// white space, and its byte range in `body`, so that it can be replaced where it stands. A local part without
// domain ("root") is an entry. What can't be read as addresses gives Errc::invalid, an empty group no entry.
struct FieldAddress {
  std::string address;
  std::size_t begin = 0;  // of the addr-spec itself, brackets excluded, an obsolete source route included
  std::size_t end = 0;
};
base::Result<std::vector<FieldAddress>> parse_address_list(std::string_view body);

}  // namespace postern::mail
