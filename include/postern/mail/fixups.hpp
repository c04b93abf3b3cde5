// Makes the header of an accepted message fit for SES: missing Date, Message-ID (and From, MIME-Version)
// added in front, Bcc and the app's DKIM-Signature removed, a From with a quote that is not closed mended,
// rewriting applied, a Received line prepended, bytes otherwise untouched. Pure; the body is not looked at.
// Facts: SES developer guide, header fields and "Duplicate header" (facts/SES.md 3).
#pragma once

#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/mail/header_block.hpp"
#include "postern/mail/rewrite.hpp"

namespace postern::mail {

struct FixupOptions {
  bool add_missing = true;
  int max_hops = 50;
  std::string hostname;  // of this relay: Received "by", right side of a Message-ID that we make
};

// Where the message came from, for the Received line (RFC 5321 4.4).
struct Trace {
  std::string helo;
  std::string client;    // address of the client, as text; empty for a local submission
  std::string protocol;  // SMTP, ESMTP, ESMTPS, ESMTPSA
  std::string id;
  std::string sender;            // envelope sender after rewriting: From of a message that has none
  std::string single_recipient;  // "for <..>" when there is exactly one
  base::WallTime when{};
};

// malformed_header: also more than one From field. No verifier takes such a signature (RFC 6376 8.15), SES
// refuses it as a duplicate, and which one is shown to the reader is anybody's guess.
// no_from: there is none and none may be made, or there is no sender to make it of.
enum class Refusal { malformed_header, too_many_hops, no_from };
struct Refused {
  Refusal why;
  std::string detail;  // for the log
};

// Changes `header` in place. A refusal leaves it in an unspecified state.
boost::system::result<void, Refused> fix(HeaderBlock& header, const FixupOptions& options,
                                         const RewriteRules& rules, const Trace& trace);
[[noreturn]] void throw_exception_from_error(const Refused& refused, const boost::source_location& where);

}  // namespace postern::mail
