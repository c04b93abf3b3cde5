// Signs one message with the key of its From domain (RFC 6376), in the form that survives SES:
// relaxed/relaxed, rsa-sha256, From oversigned; Message-ID, Date, Return-Path, Bounces-To and X-SES-* neither
// signed nor oversigned, since SES replaces them. Blocking and CPU-heavy: runs on the crypto pool. Signer is
// immutable and may be used by several threads at once: keys are parsed once, and a signature costs little
// more than its RSA. Narrow on purpose: the engine is behind it and can be replaced without touching callers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"

namespace postern::dkim {

struct KeySpec {
  std::string domain;
  std::string selector;
  std::string key_file;
  bool subdomains = true;
};

// Gives the next portion of the body, empty at its end.
using BodySource = std::function<base::Result<std::string_view>()>;

class Signer {
 public:
  // Reads and proves every key: parses, RSA of at least 1024 bits, and libopendkim verifies with the public
  // half what the engine signs with the private one. The message names file and remedy.
  static base::Result<std::shared_ptr<const Signer>> create(const std::vector<KeySpec>& keys);
  virtual ~Signer() = default;

  // The key for a From domain: its own, else that of the nearest parent with subdomains. Null: none.
  virtual const KeySpec* key_for(std::string_view from_domain) const = 0;

  // The whole field, "DKIM-Signature: ...\r\n", to be put before the message. `header` without the empty
  // line, as HeaderBlock::bytes gives it; CRLF throughout; a last body line without CRLF is signed as if it
  // had one, which is how it is sent. not_found: no key for the domain. invalid: not every receiver
  // could verify the signature (no From, or one of over 65000 octets; a bare CR or LF): send it unsigned or
  // refuse it, to try again does not help. Others: a failure of this machine.
  virtual base::Result<std::string> sign(std::string_view from_domain, std::string_view header,
                                         const BodySource& body, base::WallTime now) const = 0;

  // What works but should be mended, from create(): a key that others may read, one of 1024 bits.
  virtual const std::vector<std::string>& warnings() const = 0;
};

// The key that a message is signed with, by the addresses of its From: that of the first one whose domain has
// a key. Null: none has. Whoever signs and whoever tells what receivers will see must agree on it.
const KeySpec* key_for_author(const Signer& signer, const std::vector<std::string>& from);

}  // namespace postern::dkim
