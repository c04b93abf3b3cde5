// What SES says about a message and does to it (facts: once-only header fields, identities, Message-ID and
// Date replaced). Pure; called by the session once the data is complete.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "postern/base/clock.hpp"
#include "postern/mail/header_block.hpp"
#include "postern/smtp/reply.hpp"

namespace postern::sandbox {

struct Envelope {
  std::string from;
  std::vector<std::string> to;
};

struct Content {
  mail::HeaderBlock header;
  std::string_view body;  // with the empty line before it; into the bytes that were parsed
};

// `bytes` outlives the result. Errc::invalid: the header section is none.
base::Result<Content> read_content(std::string_view bytes);

// nullopt: SES takes it.
std::optional<smtp::Reply> refuse_content(const Content& content, const Envelope& envelope,
                                          const Options& options);

// What X-SES-CONFIGURATION-SET names; empty when there is none. The first one counts.
std::string configuration_set_of(const Content& content);

// The bytes that are delivered.
std::string deliverable(Content content, std::string_view ses_id, std::string_view region,
                        base::WallTime now);

// An address that SES takes as sender at all: it has a domain, and that has a dot.
bool is_sender(std::string_view address);

}  // namespace postern::sandbox
