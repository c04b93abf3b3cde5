// Reads the private key of a KeySpec and sees that it is one that can sign. Called by Signer::create at start
// and on reload, on whatever thread builds the snapshot, and by `postern doctor`. Does not look at DNS.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/dkim/signer.hpp"
#include "private_key.hpp"

namespace postern::dkim {

inline constexpr int portable_bits = 4096;  // RFC 8301 3.2: verifiers need not take larger keys

struct SigningKey {
  std::string domain;    // d=, in normal form
  std::string selector;  // s=
  PrivateKey key;
};

// Names are compared without case; "example.com." is example.com.
std::string normal_form(std::string_view domain);

// An error names domain, file and remedy; `warnings` gets what works but should be mended.
base::Result<SigningKey> load_key(const KeySpec& spec, std::vector<std::string>& warnings);

}  // namespace postern::dkim
