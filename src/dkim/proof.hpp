// Proves a key: a probe message that our engine signs must verify by libopendkim with a key record.
#pragma once

#include <string>

#include "key.hpp"

namespace postern::dkim {

// The text of the TXT record that belongs to the key.
std::string key_record(const PrivateKey& key);

// invalid: it does not verify, and why.
base::Result<void> prove(const SigningKey& key, const std::string& record);

}  // namespace postern::dkim
