#include "postern/mail/fixups.hpp"

#include <algorithm>
#include <boost/throw_exception.hpp>
#include <stdexcept>

#include "mail/grammar.hpp"
#include "postern/mail/from.hpp"

namespace postern::mail {

namespace {

constexpr std::size_t max_helo = 255;  // RFC 5321 4.5.3.1.2

// HELO is whatever the client liked to say. Only what a host name or an address literal is made of gets into
// the trace line: no comment, no field of its own.
std::string printable_helo(std::string_view helo) {
  std::string out(helo.substr(0, max_helo));
  const auto foreign = [](char c) {
    return !is_alnum(c) && std::string_view("-._:[]").find(c) == std::string_view::npos;
  };
  std::replace_if(out.begin(), out.end(), foreign, '?');
  return out;
}

// The recipient is 7 bit by the grammar of mailboxes; this is for callers that did not ask it.
bool fits_in_trace(std::string_view address) {
  return !address.empty() && std::all_of(address.begin(), address.end(), is_printable);
}

// RFC 5321 4.4: "from" is left out for a message that did not come by SMTP.
std::string received_body(const FixupOptions& options, const Trace& trace) {
  std::string out;
  out.reserve(256);
  if (!trace.helo.empty() || !trace.client.empty()) {
    out.append("from ").append(trace.helo.empty() ? "unknown" : printable_helo(trace.helo));
    if (!trace.client.empty()) {
      const bool v6 = trace.client.find(':') != std::string::npos;
      out.append(v6 ? " ([IPv6:" : " ([").append(trace.client).append("])");
    }
    out += "\r\n\t";
  }
  out.append("by ").append(options.hostname).append(" (postern)");
  if (!trace.protocol.empty()) out.append(" with ").append(trace.protocol);
  out.append(" id ").append(trace.id);
  if (fits_in_trace(trace.single_recipient)) {
    out.append("\r\n\tfor <").append(trace.single_recipient).append(">");
  }
  return out.append(";\r\n\t").append(base::to_rfc5322(trace.when));
}

// In front, below the Received to come: what the app wrote stays one piece, byte for byte.
void add_missing(HeaderBlock& header, const FixupOptions& options, const Trace& trace) {
  const bool mime =
      header.find("Content-Type") != nullptr || header.find("Content-Transfer-Encoding") != nullptr;
  if (mime && header.find("MIME-Version") == nullptr) header.prepend("MIME-Version", "1.0");
  if (header.find("Message-ID") == nullptr) {
    header.prepend("Message-ID", "<" + trace.id + "@" + options.hostname + ">");
  }
  if (header.find("Date") == nullptr) header.prepend("Date", base::to_rfc5322(trace.when));
}

boost::system::result<void, Refused> check_from(HeaderBlock& header, const FixupOptions& options,
                                                const Trace& trace) {
  const std::size_t count = header.count("From");
  if (count > 1) return Refused{Refusal::malformed_header, std::to_string(count) + " From fields"};
  if (count == 1) return {};
  if (!options.add_missing) return Refused{Refusal::no_from, "no From field"};
  if (trace.sender.empty()) return Refused{Refusal::no_from, "no From field and no sender to make it of"};
  header.prepend("From", trace.sender);
  return {};
}

// SES refuses a From that it can't read, and nothing could sign it or tell whose DMARC counts.
void mend_from(HeaderBlock& header) {
  for (std::size_t i = 0; i < header.fields().size(); ++i) {
    if (!header.fields()[i].is("From")) continue;
    if (const auto mended = mended_from(header.fields()[i].body())) header.replace_body(i, *mended);
  }
}

boost::system::result<void, Refused> check_hops(const HeaderBlock& header, const FixupOptions& options) {
  const std::size_t hops = header.count("Received");
  if (hops <= static_cast<std::size_t>(std::max(0, options.max_hops))) return {};
  return Refused{Refusal::too_many_hops, std::to_string(hops) + " Received fields"};
}

}  // namespace

boost::system::result<void, Refused> fix(HeaderBlock& header, const FixupOptions& options,
                                         const RewriteRules& rules, const Trace& trace) {
  if (auto hops = check_hops(header, options); hops.has_error()) return hops;
  // SES takes exactly one DKIM-Signature, and that will be ours; Bcc as RFC 6409 8 and RFC 5322 3.6.3 have
  // it.
  for (const char* name : {"Bcc", "Resent-Bcc", "DKIM-Signature"}) header.remove(name);
  // From is made and mended before rewriting, so that the rules for From hold for it too.
  if (auto from = check_from(header, options, trace); from.has_error()) return from;
  mend_from(header);
  if (auto done = rewrite_header(rules, header); done.has_error()) {
    return Refused{Refusal::malformed_header, done.error().message};
  }
  if (options.add_missing) add_missing(header, options, trace);
  header.prepend("Received", received_body(options, trace));
  return {};
}

void throw_exception_from_error(const Refused& refused, const boost::source_location& where) {
  boost::throw_exception(std::runtime_error("message refused: " + refused.detail), where);
}

}  // namespace postern::mail
