// Whether receivers could verify what is signed with a key, judged by the TXT records that DNS has for it;
// and the record to publish. For `postern doctor`: load() reads the key file, the rest is pure; the caller
// asks DNS for name() and tells a failed query from an answer without records. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/dkim/signer.hpp"

namespace postern::dkim {

struct SigningKey;

enum class KeyVerdict {
  ok,
  testing,        // t=y: receivers may treat the mail as unsigned
  no_subdomains,  // t=s although the key signs for subdomains
  no_record,      // nothing is published
  several,        // more than one TXT record: receivers take any or none (RFC 6376 3.6.2.2)
  syntax,         // not a key record
  revoked,        // p= is empty
  wrong_type,     // not RSA
  no_sha256,      // h= leaves sha256 out
  not_email,      // s= leaves email out
  too_short,      // less than 1024 bits
  differs,        // the public half of another key
  not_verified,   // none of these, yet a signature does not verify
};

std::string_view to_string(KeyVerdict verdict);

struct KeyFinding {
  KeyVerdict verdict = KeyVerdict::ok;
  std::string reason;  // a sentence, empty for ok

  // Worth a warning only: receivers do verify.
  bool verifies() const { return verdict <= KeyVerdict::no_subdomains; }
};

class PublishedKey {
 public:
  // Errors as Signer::create has them.
  static base::Result<PublishedKey> load(const KeySpec& spec);

  std::string name() const;  // "s1._domainkey.example.com"
  std::string text() const;  // "v=DKIM1; k=rsa; p=..."
  // As a zone file has it: text in strings of at most 255 octets (RFC 6376 3.6.2.2).
  std::string zone_line() const;  // "s1._domainkey.example.com. TXT \"...\" \"...\""

  // `records` are the texts of the TXT records, the strings of each joined without anything between.
  KeyFinding check(const std::vector<std::string>& records) const;

 private:
  PublishedKey(std::shared_ptr<const SigningKey> key, bool subdomains)
      : key_(std::move(key)), subdomains_(subdomains) {}
  std::shared_ptr<const SigningKey> key_;
  bool subdomains_;
};

}  // namespace postern::dkim
