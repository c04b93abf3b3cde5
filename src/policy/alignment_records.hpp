// The records that an operator has to publish, as lines of a zone file. Pure; for the advice of alignment.hpp
// and of doctor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postern/policy/dmarc.hpp"

namespace postern::policy {

// example.com. TXT "v=spf1 include:amazonses.com ~all"; in strings of at most 255 octets. Empty when the text
// is too long or has other than printable characters: what strangers published is not handed on.
std::string txt_record(std::string_view domain, std::string_view text);
std::string mx_record(std::string_view domain, std::string_view exchange);

// The record of a domain with the entries of spf.authorised let in: they come first, so that they cost the
// fewest look-ups. Several records become one, none becomes one; terms that are wrong and those in `without`
// are left out.
std::string spf_with(const std::vector<std::string>& records, const std::vector<std::string>& authorised,
                     const std::vector<std::string>& without = {});

// A DMARC record with one tag set to another value, at its place, or added at the end.
std::string dmarc_with(std::string_view record, std::string_view tag, std::string_view value);

// MX of a custom MAIL FROM domain; any region when it is not known.
std::string feedback_host(std::string_view region);

// What is shown of text that came out of the DNS: printable, and no longer than `most`.
std::string shown(std::string_view text, std::size_t most = 300);

}  // namespace postern::policy
