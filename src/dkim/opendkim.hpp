// libopendkim behind two calls. One Engine serves one signature at a time: Signer keeps one for each thread
// that signs, since t= (DKIM_OPTS_FIXEDTIME) is an option of the library handle, not of the signature.
// opendkim.cpp is the only file that includes dkim.h. Traits of 2.11.0~beta2 that callers must know:
//   - it hashes fields and words of over 64 KiB wrongly and tells nobody, hence max_hashed;
//   - a bare CR in the body is dropped from the hash: the body must have CRLF lines, the last one complete.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/dkim/signer.hpp"

struct dkim_lib;

namespace postern::dkim {

// Octets of a header field, or of a body's text without white space, that libopendkim still hashes rightly:
// its buffer (65536) less what it adds itself.
inline constexpr std::size_t max_hashed = 65000;

struct SigningKey {
  std::string domain;    // d=
  std::string selector;  // s=
  std::string pem;
};

class Engine {
 public:
  static base::Result<std::unique_ptr<Engine>> create();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Signs exactly `fields` (whole, without the final CRLF; From among them), in their order in the message.
  // Gives the whole DKIM-Signature field, folded, with its CRLF.
  base::Result<std::string> sign(const SigningKey& key, const std::vector<std::string_view>& fields,
                                 const BodySource& body, base::WallTime now);

 private:
  explicit Engine(dkim_lib* library) : library_(library) {}
  dkim_lib* library_;
};

}  // namespace postern::dkim
