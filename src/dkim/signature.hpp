// Makes the DKIM-Signature of one message with one key: rsa-sha256, relaxed/relaxed, From oversigned.
// Blocking; any number of threads at once.
#pragma once

#include <string>
#include <string_view>

#include "key.hpp"

namespace postern::dkim {

// As Signer::sign has it.
base::Result<std::string> make_signature(const SigningKey& key, std::string_view header,
                                         const BodySource& body, base::WallTime now);

}  // namespace postern::dkim
