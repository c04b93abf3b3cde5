// libopendkim as a second opinion on what our engine signs: it shares no code with it but RSA, and it is what
// many receivers run. Used when a key is loaded and by `postern doctor`, never for the mail itself (it parses
// the key anew for every message, which costs more than the signature). Looks up nothing in DNS: the key
// record is given. opendkim.cpp is the only file that includes dkim.h.
// One library handle for the process, set up once; verify() may be called by several threads at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"

struct dkim_lib;

namespace postern::dkim {

class Verifier {
 public:
  static constexpr std::size_t max_record = 1024;  // octets of a key record that libopendkim reads

  static const Verifier& shared();
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // `header` with the DKIM-Signature and without the empty line, CRLF throughout; `record` is the text of the
  // TXT record. invalid: it does not verify, and why, in libopendkim's words.
  base::Result<void> verify(std::string_view header, std::string_view body, const std::string& record) const;

 private:
  Verifier();
  dkim_lib* library_;  // null: no memory
};

}  // namespace postern::dkim
