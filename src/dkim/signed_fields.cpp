#include "signed_fields.hpp"

#include <algorithm>
#include <array>

#include "postern/mail/address.hpp"

namespace postern::dkim {

namespace {

// What survives SES (facts/SES.md 3.1, 3.4). Not here, and neither oversigned:
//   Message-ID, Date, Return-Path, Bounces-To   SES replaces or consumes them;
//   X-SES-*                                     consumed by SES, and put in after signing;
//   Received, DKIM-Signature, Bcc               trace; SES refuses a second one; removed before;
//   Sender, Content-ID, List-Help, Comments ... nothing is known of them, and a field that is not signed
//                                               cannot break the signature.
constexpr std::array<std::string_view, 13> names{
    "From",                       // RFC 6376 5.4: MUST
    "To",                         //
    "Cc",                         //
    "Subject",                    //
    "Reply-To",                   // where answers go: as good as From to a swindler
    "MIME-Version",               //
    "Content-Type",               // else the parts of a signed body could be read differently
    "Content-Transfer-Encoding",  //
    "In-Reply-To",                // SES keeps the thread even though it replaces Message-ID
    "References",                 //
    "List-Unsubscribe",           // RFC 8058 4: both must be covered
    "List-Unsubscribe-Post",      //
    "List-Id",                    //
};

// Receivers that run OpenDKIM read 4095 octets of h=, the longest name takes 26 of them. SES takes one of
// each but To and Cc.
constexpr std::size_t max_fields = 100;

// Octets of a field that OpenDKIM hashes rightly: its buffer (65536) less what it adds itself. Intake takes
// no larger ones than 64 KiB.
constexpr std::size_t max_field = 65000;

// Where receivers that run OpenDKIM would hash something else: it takes VT and FF for white space (RFC 6376
// 3.4.2 knows SP and HTAB only), stops at NUL and loses what is beyond max_field.
bool hashed_alike(const mail::HeaderBlock::Field& field) {
  return field.raw.size() <= max_field &&
         field.raw.find_first_of(std::string_view("\v\f\0", 3)) == std::string::npos;
}

// All of a name or none of it: the verifier takes the instances from the bottom (RFC 6376 5.4.2).
bool all_hashed_alike(const mail::HeaderBlock& header, std::string_view name) {
  return std::all_of(header.fields().begin(), header.fields().end(),
                     [name](const auto& field) { return !field.is(name) || hashed_alike(field); });
}

bool covered(const mail::HeaderBlock& header, const mail::HeaderBlock::Field& field) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return field.is(name) && all_hashed_alike(header, name); });
}

}  // namespace

base::Result<std::vector<std::string_view>> signed_fields(const mail::HeaderBlock& header) {
  constexpr std::size_t crlf = 2;
  std::vector<std::string_view> chosen;
  bool from = false;
  for (const auto& field : header.fields()) {
    if (!covered(header, field)) continue;
    chosen.push_back(std::string_view(field.raw).substr(0, field.raw.size() - crlf));
    from = from || field.is("From");
    if (chosen.size() > max_fields)
      return base::fail(base::Errc::invalid, "more than 100 fields would have to be signed");
  }
  if (!from) return base::fail(base::Errc::invalid, "there is no From, or none that can be signed");
  return chosen;
}

}  // namespace postern::dkim
